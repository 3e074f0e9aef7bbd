/** The print dialog: the server makes the PDF; the map shows the frame of what will be on paper. */

import type { App } from '../app.ts';
import { isInScale } from '../core/model.ts';
import { parseScale, roundScale, SCALES } from '../core/scale.ts';
import { scaleText, tr } from '../core/text.ts';
import { withParameters } from '../map/wms.ts';
import { h, icon } from '../ui/dom.ts';
import { FRAMES } from './layouts.ts';

export function printPanel(app: App): HTMLElement {
  const { context, stage, model } = app;
  const layouts = context.print?.layouts.length ? context.print.layouts : ['a4-paysage'];
  const dpis = context.print?.dpi.length ? context.print.dpi : [150];
  const words = (layout: string) => {
    const [size = '', way] = layout.split('-');
    return `${size.toUpperCase()} ${way === 'portrait' ? 'portrait' : tr('paysage', 'landscape')}`;
  };
  const choice = (name: string, legend: string, values: [string, string][]) =>
    h('fieldset', {}, h('legend', {}, legend), h('div', { class: 'choices' }, ...values.map(([v, label], i) =>
      h('label', {}, h('input', { type: 'radio', name, value: v, checked: i === 0 }), label))));

  const title = h('input', { type: 'text', value: context.title, maxlength: 160 });
  const scale = h('input', { type: 'text', value: scaleText(nearest(stage.groundScale())), list: 'print-scales', inputmode: 'numeric' });
  const link = h('a', { class: 'primary', target: '_blank', rel: 'noopener' }, icon('download'), tr('Produire le PDF', 'Make the PDF'));
  const error = h('p', { class: 'error', role: 'alert', hidden: true });
  const absent = h('p', { class: 'quiet', role: 'status', hidden: true });
  const form = h(
    'form',
    { class: 'form', onsubmit: (event: Event) => { event.preventDefault(); link.click(); } },
    h('label', {}, h('span', {}, tr('Titre', 'Title')), title),
    choice('layout', tr('Format', 'Format'), layouts.map((l) => [l, words(l)])),
    h('label', {}, h('span', {}, tr('Échelle', 'Scale')), scale),
    h('datalist', { id: 'print-scales' }, ...SCALES.map((s) => h('option', { value: scaleText(s) }))),
    choice('dpi', tr('Finesse', 'Resolution'), dpis.map((d) => [String(d), tr(`${d} points par pouce`, `${d} dots per inch`)])),
    h('button', { type: 'button', class: 'small', onclick: () => { scale.value = scaleText(nearest(fitting())); update(); } }, icon('target'), tr('Échelle de l’écran', 'Scale of the screen')),
    h('p', { class: 'quiet' }, tr('Le cadre sur la carte est ce qui sera imprimé : déplacez la carte dessous. Légende, échelle, nord et sources sont ajoutés.', 'The frame on the map is what will be printed: move the map below it. Legend, scale, north and sources are added.')),
    app.basemap && h('p', { class: 'quiet' }, tr('Le fond de plan vient d’un autre serveur : il n’est pas imprimé.', 'The base map comes from another server: it is not printed.')),
    absent,
    error,
    link,
  );
  const paper = h('div', { class: 'paper', 'aria-hidden': 'true' });

  const chosen = (name: string) => form.querySelector<HTMLInputElement>(`input[name=${name}]:checked`)?.value ?? '';

  /** The largest scale at which the frame lies within the window. */
  function fitting(): number {
    const [width, height] = stage.size();
    const [w, hgt] = FRAMES[chosen('layout')] ?? [250, 160];
    const metres = stage.groundMetres() * stage.resolution();
    return Math.min((width * 0.85 * metres) / (w / 1000), (height * 0.85 * metres) / (hgt / 1000));
  }

  function update(): void {
    const wanted = parseScale(scale.value);
    error.hidden = wanted !== undefined;
    if (!wanted) {
      error.textContent = tr('L’échelle s’écrit 1:25 000.', 'A scale is written 1:25,000.');
      return link.removeAttribute('href');
    }
    const [w, hgt] = FRAMES[chosen('layout')] ?? [250, 160];
    const pixel = stage.groundMetres() * stage.resolution();
    paper.style.width = `${((w / 1000) * wanted) / pixel}px`;
    paper.style.height = `${((hgt / 1000) * wanted) / pixel}px`;
    const [width, height] = stage.size();
    paper.style.left = `${width / 2 - parseFloat(paper.style.width) / 2}px`;
    paper.style.top = `${height / 2 - parseFloat(paper.style.height) / 2}px`;
    const shown = model.layers().filter((n) => n.isVisible && !n.entry.wms && !n.entry.data && isInScale(n.entry, wanted)).reverse();
    const missing = model.layers().filter((n) => n.isVisible && (n.entry.wms || n.entry.data) && isInScale(n.entry, wanted)).map((n) => n.title);
    const words = missing.length
      ? tr(`Vos ajouts ne sont pas dans le PDF : ${missing.join(', ')}. Pour les avoir sur papier, imprimez la page avec le navigateur.`, `Your additions are not in the PDF: ${missing.join(', ')}. To have them on paper, print the page by the browser.`)
      : '';
    // this runs with each frame: what has not changed is not said again
    if (absent.textContent !== words) absent.textContent = words;
    absent.hidden = words === '';
    link.href = withParameters(`${context.base}/print.pdf`, {
      layout: chosen('layout'),
      dpi: chosen('dpi'),
      crs: stage.crs,
      center: stage.centre().map((v) => Number(v.toFixed(Math.abs(v) > 360 ? 1 : 6))).join(','),
      scale: Math.round(wanted),
      layers: shown.map((n) => n.entry.id).join(','),
      styles: shown.map((n) => n.style).join(','),
      opacities: shown.map((n) => Number(n.opacity.toFixed(2))).join(','),
      title: title.value,
      base: app.basemap || 'none',
      lang: context.language,
    });
  }

  form.addEventListener('input', update);
  stage.map.on('postrender', () => paper.isConnected && update());
  model.onChange(() => paper.isConnected && update());
  const show = (verb: string | undefined) => {
    paper.remove();
    if (verb !== 'print') return;
    scale.value = scaleText(nearest(fitting()));
    stage.map.getTargetElement()?.append(paper);
    update();
  };
  app.onVerb(show);
  queueMicrotask(() => show('print'));
  return form;
}

/** The next round scale that shows no less. */
function nearest(scale: number): number {
  const below = SCALES.filter((s) => s <= scale).at(-1);
  return below && scale / below < 3 ? below : roundScale(scale);
}
