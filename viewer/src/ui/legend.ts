/** The legend of what is seen now: visible layers within their scales, top first, as text with small pictures. */

import type { App } from '../app.ts';
import { isInScale, type LayerNode } from '../core/model.ts';
import { tr } from '../core/text.ts';
import { legend, serviceOf, withParameters } from '../map/wms.ts';
import { h, later } from './dom.ts';

export function legendView(app: App): HTMLElement {
  const view = h('div', { class: 'legend' });
  let asked = 0;
  const update = later(60, async () => {
    if (view.offsetParent === null) return;
    const mine = ++asked;
    const scale = app.stage.scale();
    const nodes = app.model.layers().filter((n) => n.isVisible && isInScale(n.entry, scale));
    const parts = await Promise.all(nodes.map((node) => part(app, node, scale)));
    if (mine !== asked) return;
    const empty = h('p', { class: 'quiet' }, tr("Aucune couche n'est visible à cette échelle.", 'No layer is visible at this scale.'));
    view.replaceChildren(...(parts.length ? parts : [empty]));
  });
  app.model.onChange((change) => change !== 'opacity' && update());
  app.stage.onView(update);
  // a tab that comes to be seen shows what is seen then
  new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && update()).observe(view);
  update();
  return view;
}

async function part(app: App, node: LayerNode, scale: number): Promise<HTMLElement> {
  const list = h('ul');
  const section = h('section', {}, h('h3', {}, node.title), list);
  if (node.entry.data) {
    const swatch = h('span', { class: 'swatch' });
    swatch.style.background = node.entry.colour ?? '#0b5d7a';
    list.append(h('li', {}, swatch, tr('objets ajoutés', 'features added')));
    return section;
  }
  if (node.entry.wms && !node.entry.of) {
    const { url, name } = serviceOf(node, app.context.base);
    const address = withParameters(url, { SERVICE: 'WMS', VERSION: '1.3.0', REQUEST: 'GetLegendGraphic', LAYER: name, FORMAT: 'image/png' });
    const picture = h('img', { src: address, alt: tr(`Légende de ${node.title}`, `Legend of ${node.title}`), onerror: () => picture.remove() });
    list.append(h('li', {}, picture));
    return section;
  }
  try {
    const symbols = await legend(node, app.context.base, scale);
    const [only] = symbols;
    // one symbol without words of its own is the layer's
    if (only && symbols.length === 1 && (!only.title || only.title === node.title)) {
      section.firstElementChild?.prepend(h('img', { src: only.picture, alt: '' }));
      list.remove();
    } else list.append(...symbols.map((s) => h('li', {}, h('img', { src: s.picture, alt: '' }), h('span', {}, s.title))));
  } catch {
    list.append(h('li', { class: 'quiet' }, tr('Légende indisponible', 'Legend not available')));
  }
  return section;
}
