/**
 * The print dialog: the server makes the PDF, with what the page has drawn itself where there is such; the map shows the
 * frame of what will be on paper.
 */

import type { App } from '../app.ts';
import type { XY } from '../core/context.ts';
import { isInScale } from '../core/model.ts';
import { parseScale, roundScale, SCALES } from '../core/scale.ts';
import { scaleText, tr } from '../core/text.ts';
import { withParameters } from '../map/wms.ts';
import { announce, downloadBlob, h, icon } from '../ui/dom.ts';
import { FRAMES } from './layouts.ts';
import { drawForPaper, onPage } from './paper.ts';

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
  const label = h('span', {}, tr('Produire le PDF', 'Make the PDF'));
  const link = h('a', { class: 'primary', target: '_blank', rel: 'noopener', onclick: (event: MouseEvent) => make(event) }, icon('download'), label);
  const error = h('p', { class: 'error', role: 'alert', hidden: true });
  const absent = h('p', { class: 'quiet', role: 'status', hidden: true });
  let isBusy = false;
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
    absent,
    error,
    link,
  );
  const paper = h('div', { class: 'paper', 'aria-hidden': 'true' });

  const chosen = (name: string) => form.querySelector<HTMLInputElement>(`input[name=${name}]:checked`)?.value ?? '';

  /** Width and height of what of the map is seen: on a phone the panel lies over its lower part. */
  function free(): [number, number] {
    const [width, height] = stage.size();
    const map = stage.map.getTargetElement()!.getBoundingClientRect();
    const panel = document.getElementById('panel')?.getBoundingClientRect();
    const isOver = panel && panel.width > width * 0.8 && panel.top > map.top;
    return [width, isOver ? Math.min(height, panel.top - map.top) : height];
  }

  /** Where the middle of the frame is. */
  function middle(): XY {
    const [width, height] = free();
    return (stage.map.getCoordinateFromPixel([width / 2, height / 2]) as XY | null) ?? stage.centre();
  }

  /** The largest scale at which the frame lies within the window. */
  function fitting(): number {
    const [width, height] = free();
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
    const [width, height] = free();
    paper.style.left = `${width / 2 - parseFloat(paper.style.width) / 2}px`;
    paper.style.top = `${height / 2 - parseFloat(paper.style.height) / 2}px`;
    const shown = model.layers().filter((n) => n.isVisible && !n.entry.wms && !n.entry.data && isInScale(n.entry, wanted)).reverse();
    link.href = withParameters(`${context.base}/print.pdf`, {
      layout: chosen('layout'),
      dpi: chosen('dpi'),
      crs: stage.crs,
      center: middle().map((v) => Number(v.toFixed(Math.abs(v) > 360 ? 1 : 6))).join(','),
      scale: Math.round(wanted),
      layers: shown.map((n) => n.entry.id).join(','),
      styles: shown.map((n) => n.style).join(','),
      opacities: shown.map((n) => Number(n.opacity.toFixed(2))).join(','),
      title: title.value,
      base: app.basemap || 'none',
      lang: context.language,
    });
  }

  /** What only the page can draw goes with the request; all else is a link to the sheet. */
  async function make(event: MouseEvent): Promise<void> {
    const wanted = parseScale(scale.value);
    if (!wanted || isBusy) return event.preventDefault();
    const { base, added } = onPage(app, wanted);
    absent.hidden = true;
    if (!base && !added.length) return;
    event.preventDefault();
    isBusy = true;
    label.textContent = tr('Préparation…', 'In the making…');
    announce(label.textContent);
    try {
      const { body, missing } = await drawForPaper(app, { layout: chosen('layout'), dpi: Number(chosen('dpi')), scale: wanted, center: middle() });
      const answer = await fetch(link.href, body ? { method: 'POST', headers: { 'content-type': 'application/json' }, body } : {});
      if (!answer.ok) throw new Error(String(answer.status));
      downloadBlob(`${context.id}.pdf`, await answer.blob());
      absent.hidden = missing.length === 0;
      absent.textContent = tr(
        `N’est pas dans le PDF : ${missing.join(', ')}. Le serveur d’où cela vient ne répond pas, ou n’autorise pas d’autres sites à le reprendre.`,
        `Not in the PDF: ${missing.join(', ')}. The server that it comes from does not answer, or does not let other sites use it.`,
      );
    } catch {
      error.textContent = tr('Le PDF n’a pas pu être produit : réessayez dans un instant.', 'The PDF could not be made: try again in a moment.');
      error.hidden = false;
    }
    label.textContent = tr('Produire le PDF', 'Make the PDF');
    isBusy = false;
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
