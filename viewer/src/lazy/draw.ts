/** Drawing and notes: shapes made of points, with a text each, in a layer of the visitor's own. */

import Collection from 'ol/Collection.js';
import type Feature from 'ol/Feature.js';
import type SimpleGeometry from 'ol/geom/SimpleGeometry.js';
import Modify from 'ol/interaction/Modify.js';
import VectorLayer from 'ol/layer/Vector.js';
import type VectorSource from 'ol/source/Vector.js';
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

/** Pixels around a point of a drawing within which it is taken. */
const REACH = 12;

export function drawPart(app: App): HTMLElement {
  let tool: Sketch | undefined;
  let kind: Kind | undefined;
  let reshaping: Modify | undefined;
  const words = h('input', { type: 'text', maxlength: 120, placeholder: tr('facultatif', 'optional') });
  const colour = h('select', {}, ...COLOURS.map(([code, fr, en]) => h('option', { value: code }, tr(fr, en))));
  const list = h('ul', { class: 'results' });
  const help = h('p', { class: 'quiet', role: 'status' });
  const buttons = new Map<Kind, HTMLButtonElement>();
  const step = (label: string, run: () => void) => h('button', { type: 'button', class: 'small', onclick: run }, label);
  // a finger that taps twice is not always understood, and a keyboard has no double click
  const steps = h('div', { class: 'draw-tools', hidden: true },
    step(tr('Terminer', 'Finish'), () => tool?.finish()),
    step(tr('Annuler un point', 'Undo a point'), () => tool?.undo()));
  const reshape = h('button', { type: 'button', class: 'small', 'aria-pressed': 'false', hidden: true, onclick: () => {
    const isOn = reshaping !== undefined;
    choose(undefined);
    if (!isOn) startReshaping();
  } }, icon('personal'), tr('Modifier', 'Edit'));

  const layerOf = (code: string): LayerNode | undefined =>
    app.model.layers().find((n) => n.parent?.key === 'own' && n.entry.data && n.entry.colour === code && isDrawing(n));

  function choose(next: Kind | undefined): void {
    stopReshaping();
    tool?.stop();
    tool = undefined;
    kind = next;
    steps.hidden = !kind || kind === 'point';
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

  /** Corners of what was drawn are drawn to elsewhere by mouse or finger; a point as a whole. */
  function startReshaping(): void {
    const layers = app.stage.map.getLayers().getArray();
    const sources = layers.flatMap((layer) => {
      const node = layer.get('node') as LayerNode | undefined;
      return layer instanceof VectorLayer && node && isDrawing(node) ? [layer.getSource() as VectorSource] : [];
    });
    const features = sources.flatMap((source) => source.getFeatures());
    reshaping = new Modify({ features: new Collection(features) });
    reshaping.on('modifyend', (event) => keepShapes(event.features.getArray()));
    app.stage.map.addInteraction(reshaping);
    // without dragging: the point at the place is taken, and put where the next one is
    let held: Corner | undefined;
    app.stage.pointing = {
      pick(at) {
        if (held) {
          moveCorner(held, at);
          keepShapes([held.feature]);
          held = undefined;
          return;
        }
        held = cornerAt(features, at, app.stage.resolution() * REACH);
        announce(held
          ? tr('Point pris : allez où il doit être, puis Entrée.', 'Point taken: go where it shall be, then Enter.')
          : tr('Pas de point du dessin à cet endroit.', 'No point of the drawing at this place.'));
      },
    };
    reshape.setAttribute('aria-pressed', 'true');
    help.textContent = tr(
      'Tirez un point du dessin, ou cliquez-le (Entrée quand il est au centre de la carte) puis sa nouvelle place. Alt et clic retire un point. Échap pour quitter.',
      'Drag a point of the drawing, or click it (Enter when it is in the middle of the map) and then its new place. Alt and click takes a point away. Escape to leave.',
    );
  }

  function keepShapes(features: readonly Feature[]): void {
    for (const feature of features) {
      const own = feature.get('own') as GeoFeature;
      const shape = feature.getGeometry()?.clone().transform(app.stage.crs, 'EPSG:4326') as SimpleGeometry | undefined;
      if (own.geometry && shape) own.geometry = { ...own.geometry, coordinates: shape.getCoordinates() };
    }
    app.model.changed('opacity');
    announce(tr('Dessin modifié', 'Drawing changed'));
  }

  function stopReshaping(): void {
    if (!reshaping) return;
    app.stage.map.removeInteraction(reshaping);
    reshaping = undefined;
    app.stage.pointing = undefined;
    reshape.setAttribute('aria-pressed', 'false');
    help.textContent = '';
  }

  /** Its words are written anew where they stand. */
  function rename(line: HTMLElement, node: LayerNode, at: number): void {
    const features = node.entry.data?.features ?? [];
    const field = h('input', { type: 'text', maxlength: 120, value: String(features[at]?.properties?.['texte'] ?? ''), 'aria-label': tr('Texte du dessin', 'Text of the drawing'), onchange: () => {
      redraw(node, features.map((f, i) => (i === at ? { ...f, properties: { ...f.properties, texte: field.value } } : f)));
    }, onblur: () => show(), onkeydown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== 'Escape') return;
      event.stopPropagation();
      if (event.key === 'Escape') field.value = field.defaultValue;
      field.blur();
    } });
    line.querySelector('.name')?.replaceChildren(field);
    field.focus();
  }

  /** A layer is drawn from its entry: another entry is another picture. */
  function redraw(node: LayerNode, features: GeoFeature[]): void {
    const { title, opacity, isVisible } = node;
    app.model.remove(node);
    if (features.length) addOwn(app, { title, visible: isVisible, opacity, ...(node.entry.colour ? { colour: node.entry.colour } : {}), features });
  }

  function show(): void {
    const drawn = app.model.layers().filter(isDrawing);
    reshape.hidden = drawn.length === 0;
    list.replaceChildren(
      ...drawn.flatMap((node) => (node.entry.data?.features ?? []).map((feature, i) => {
        const title = String(feature.properties?.['texte'] ?? '') || { Point: tr('Point', 'Point'), LineString: tr('Ligne', 'Line') }[feature.geometry?.type ?? ''] || tr('Surface', 'Area');
        const swatch = h('span', { class: 'swatch' });
        swatch.style.background = node.entry.colour ?? '';
        const line = h('li', {}, swatch, h('span', { class: 'name' }, title),
          iconButton('personal', tr(`Modifier le texte de ${title}`, `Edit the text of ${title}`), () => rename(line, node, i)),
          iconButton('trash', tr(`Effacer ${title}`, `Delete ${title}`), () => {
            redraw(node, (node.entry.data?.features ?? []).filter((_, at) => at !== i));
            show();
          }));
        return line;
      })),
    );
  }

  for (const [name, image, fr, en] of [['point', 'point', 'Point', 'Point'], ['line', 'line', 'Ligne', 'Line'], ['area', 'area', 'Surface', 'Area']] as [Kind, IconName, string, string][]) {
    buttons.set(name, h('button', { type: 'button', class: 'small', 'aria-pressed': 'false', onclick: () => choose(kind === name ? undefined : name) }, icon(image), tr(fr, en)));
  }
  addEventListener('keydown', (event) => event.key === 'Escape' && (kind || reshaping) && choose(undefined));
  app.onVerb((verb) => verb !== 'personal' && choose(undefined));
  app.stage.onCrs(() => choose(undefined));
  app.model.onChange((change) => {
    if (change !== 'tree') return;
    // another tree is drawn by other layers
    stopReshaping();
    show();
  });
  show();
  return h(
    'div',
    { class: 'form' },
    h('div', { class: 'draw-tools', role: 'group', 'aria-label': tr('Dessiner', 'Draw') }, ...buttons.values(), reshape),
    help,
    steps,
    h('div', { class: 'pair' },
      h('label', {}, h('span', {}, tr('Texte', 'Text')), words),
      h('label', {}, h('span', {}, tr('Couleur', 'Colour')), colour)),
    list,
  );
}

/** A point of a drawing: where it stands in the nested lists of its coordinates. */
interface Corner {
  feature: Feature;
  path: number[];
}

/** The corner nearest to a place, within `reach` units of the view. */
function cornerAt(features: readonly Feature[], at: XY, reach: number): Corner | undefined {
  let best: Corner | undefined;
  let least = reach;
  const walk = (feature: Feature, value: unknown, path: number[]): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] !== 'number') return value.forEach((one, i) => walk(feature, one, [...path, i]));
    const far = Math.hypot(value[0] - at[0], value[1] - at[1]);
    // the first point of a ring stands before the same one at its end
    if (far < least) [best, least] = [{ feature, path }, far];
  };
  for (const feature of features) walk(feature, (feature.getGeometry() as SimpleGeometry | undefined)?.getCoordinates(), []);
  return best;
}

function moveCorner({ feature, path }: Corner, at: XY): void {
  const shape = feature.getGeometry() as SimpleGeometry;
  const moved = (value: unknown, [index, ...rest]: number[]): unknown => {
    if (index === undefined || !Array.isArray(value)) return at;
    const list = value.map((one, i) => (i === index ? moved(one, rest) : one));
    // a ring ends where it begins
    return shape.getType() === 'Polygon' && rest.length === 0 && index === 0 ? [...list.slice(0, -1), list[0]] : list;
  };
  shape.setCoordinates(moved(shape.getCoordinates(), path) as never[]);
}

function isDrawing(node: LayerNode): boolean {
  return node.parent?.key === 'own' && node.entry.data !== undefined && /^(Dessin|Drawing)/.test(node.title);
}
