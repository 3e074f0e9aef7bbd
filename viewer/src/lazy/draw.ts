/** Drawing and notes: shapes made of points, with a text each, in a layer of the visitor's own. */

import type { App } from '../app.ts';
import type { GeoFeature, GeoGeometry, XY } from '../core/context.ts';
import type { LayerNode } from '../core/model.ts';
import { tr } from '../core/text.ts';
import { convert } from '../map/projections.ts';
import { announce, h, icon, iconButton } from '../ui/dom.ts';
import type { IconName } from '../ui/icons.ts';
import { addOwn } from './own.ts';
import { type Kind, sketch, type Sketch } from './sketch.ts';

const COLOURS: [string, string, string][] = [
  ['#c8102e', 'rouge', 'red'], ['#0b5d7a', 'bleu', 'blue'], ['#2e6b34', 'vert', 'green'],
  ['#8a4b00', 'brun', 'brown'], ['#5b2a86', 'violet', 'purple'], ['#1d2a33', 'noir', 'black'],
];

export function drawPart(app: App): HTMLElement {
  let tool: Sketch | undefined;
  let kind: Kind | undefined;
  const words = h('input', { type: 'text', maxlength: 120, placeholder: tr('facultatif', 'optional') });
  const colour = h('select', {}, ...COLOURS.map(([code, fr, en]) => h('option', { value: code }, tr(fr, en))));
  const list = h('ul', { class: 'results' });
  const help = h('p', { class: 'quiet', role: 'status' });
  const buttons = new Map<Kind, HTMLButtonElement>();

  const layerOf = (code: string): LayerNode | undefined =>
    app.model.layers().find((n) => n.parent?.key === 'own' && n.entry.data && n.entry.colour === code && isDrawing(n));

  function choose(next: Kind | undefined): void {
    tool?.stop();
    tool = undefined;
    kind = next;
    for (const [name, button] of buttons) button.setAttribute('aria-pressed', String(name === kind));
    help.textContent = !kind
      ? ''
      : kind === 'point'
        ? tr('Cliquez sur la carte, ou Entrée pour son centre.', 'Click on the map, or Enter for its middle.')
        : tr('Cliquez point par point, double-cliquez pour finir. Échap pour quitter.', 'Click point by point, double click to end. Escape to leave.');
    if (!kind) return;
    tool = sketch(app, kind, (points, isDone) => {
      if (!isDone || !kind) return;
      keep(kind, points);
      tool?.clear();
    });
  }

  function keep(made: Kind, points: XY[]): void {
    const places = points.map((p) => convert(p, app.stage.crs, 'EPSG:4326'));
    const geometry: GeoGeometry =
      made === 'point' ? { type: 'Point', coordinates: places[0]! }
      : made === 'line' ? { type: 'LineString', coordinates: places }
      : { type: 'Polygon', coordinates: [[...places, places[0]!]] };
    const feature: GeoFeature = { type: 'Feature', geometry, properties: words.value ? { texte: words.value } : {} };
    const node = layerOf(colour.value);
    if (node) redraw(node, [...(node.entry.data?.features ?? []), feature]);
    else {
      const name = COLOURS.find(([code]) => code === colour.value);
      addOwn(app, { title: tr(`Dessin ${name?.[1] ?? ''}`, `Drawing, ${name?.[2] ?? ''}`), visible: true, opacity: 1, colour: colour.value, features: [feature] });
    }
    words.value = '';
    announce(tr('Ajouté au dessin', 'Added to the drawing'));
    show();
  }

  /** A layer is drawn from its entry: another entry is another picture. */
  function redraw(node: LayerNode, features: GeoFeature[]): void {
    const { title, opacity, isVisible } = node;
    app.model.remove(node);
    if (features.length) addOwn(app, { title, visible: isVisible, opacity, ...(node.entry.colour ? { colour: node.entry.colour } : {}), features });
  }

  function show(): void {
    const drawn = app.model.layers().filter(isDrawing);
    list.replaceChildren(
      ...drawn.flatMap((node) => (node.entry.data?.features ?? []).map((feature, i) => {
        const title = String(feature.properties?.['texte'] ?? '') || { Point: tr('Point', 'Point'), LineString: tr('Ligne', 'Line') }[feature.geometry?.type ?? ''] || tr('Surface', 'Area');
        const swatch = h('span', { class: 'swatch' });
        swatch.style.background = node.entry.colour ?? '';
        return h('li', {}, swatch, h('span', { class: 'name' }, title),
          iconButton('trash', tr(`Effacer ${title}`, `Delete ${title}`), () => {
            redraw(node, (node.entry.data?.features ?? []).filter((_, at) => at !== i));
            show();
          }));
      })),
    );
  }

  for (const [name, image, fr, en] of [['point', 'point', 'Point', 'Point'], ['line', 'line', 'Ligne', 'Line'], ['area', 'area', 'Surface', 'Area']] as [Kind, IconName, string, string][]) {
    buttons.set(name, h('button', { type: 'button', class: 'small', 'aria-pressed': 'false', onclick: () => choose(kind === name ? undefined : name) }, icon(image), tr(fr, en)));
  }
  addEventListener('keydown', (event) => event.key === 'Escape' && kind && choose(undefined));
  app.onVerb((verb) => verb !== 'personal' && choose(undefined));
  app.stage.onCrs(() => choose(undefined));
  app.model.onChange((change) => change === 'tree' && show());
  show();
  return h(
    'div',
    { class: 'form' },
    h('div', { class: 'draw-tools', role: 'group', 'aria-label': tr('Dessiner', 'Draw') }, ...buttons.values()),
    help,
    h('div', { class: 'pair' },
      h('label', {}, h('span', {}, tr('Texte', 'Text')), words),
      h('label', {}, h('span', {}, tr('Couleur', 'Colour')), colour)),
    list,
  );
}

function isDrawing(node: LayerNode): boolean {
  return node.parent?.key === 'own' && node.entry.data !== undefined && /^(Dessin|Drawing)/.test(node.title);
}
