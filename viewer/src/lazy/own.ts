/**
 * What a visitor adds: layers of other services and features of one's own. They live in the page, in a
 * file that the visitor keeps, or packed in a link; never on the server.
 */

import Feature from 'ol/Feature.js';
import VectorLayer from 'ol/layer/Vector.js';
import VectorSource from 'ol/source/Vector.js';
import CircleStyle from 'ol/style/Circle.js';
import Fill from 'ol/style/Fill.js';
import Stroke from 'ol/style/Stroke.js';
import Style from 'ol/style/Style.js';
import Text from 'ol/style/Text.js';
import type { App } from '../app.ts';
import type { GeoFeature, LayerEntry } from '../core/context.ts';
import { type LayerNode, Model } from '../core/model.ts';
import { tr } from '../core/text.ts';
import { geometry } from '../map/shapes.ts';
import { fetchJson } from '../map/wms.ts';
import { site } from '../ui/search.ts';

/** Longest packed additions in a link: mail programs and chats cut longer ones. */
const LONGEST = 6000;

/** As it is packed: short names, because it goes into a link. */
export interface Packed {
  title: string;
  visible: boolean;
  opacity: number;
  wms?: LayerEntry['wms'];
  of?: string;
  colour?: string;
  features?: GeoFeature[];
}

let packed: string | undefined;
let isTooLong = false;
let following = false;

/** Adds a layer on top and keeps the link up to date. */
export function addOwn(app: App, added: Packed): LayerNode {
  follow(app);
  const taken = new Set(app.model.layers().map((n) => n.entry.id));
  let id = 'own1';
  for (let i = 2; taken.has(id); i++) id = `own${i}`;
  const { title, visible, opacity, wms, of, colour, features } = added;
  const entry: LayerEntry = {
    kind: 'layer', id, title, visible, opacity, queryable: true,
    ...(wms ? { wms } : {}),
    ...(of ? { of } : {}),
    ...(colour ? { colour } : {}),
    ...(features ? { data: { type: 'FeatureCollection', features } } : {}),
  };
  if (of) void describe(app, entry, of);
  return app.model.add(entry, tr('Mes ajouts', 'My additions'));
}

/** A layer of the site's catalogue has fields, a table and a page like those of the map. */
async function describe(app: App, entry: LayerEntry, of: string): Promise<void> {
  const url = `${site(app)}/collections/${encodeURIComponent(of)}`;
  const known = await fetchJson<Queryables>(`${url}/queryables?f=json`).catch(() => undefined);
  if (!known) return;
  entry.fields = Object.entries(known.properties ?? {}).flatMap(([name, { title, type, format }]) =>
    type ? [{ name, label: title ?? name, type: type === 'string' ? (format === 'date' || format === 'date-time' ? format : 'text') : type }] : [],
  );
  entry.links = [{ rel: 'items', href: `${url}/items` }, { rel: 'page', href: `${site(app)}/layers/${encodeURIComponent(of)}` }];
  app.model.changed('tree');
}

interface Queryables {
  properties?: Record<string, { title?: string; type?: string; format?: string }>;
}

/** Draws what has features of its own. */
export function ownLayer(app: App, node: LayerNode): VectorLayer | undefined {
  const { data, colour = '#0b5d7a' } = node.entry;
  if (!data) return undefined;
  const features = data.features.flatMap((own) => {
    const shape = geometry(own.geometry)?.transform('EPSG:4326', app.stage.crs);
    if (!shape) return [];
    const feature = new Feature(shape);
    feature.set('own', own);
    return [feature];
  });
  const stroke = new Stroke({ color: colour, width: 3 });
  const fill = new Fill({ color: `${colour}33` });
  const image = new CircleStyle({ radius: 6, fill: new Fill({ color: colour }), stroke: new Stroke({ color: '#fff', width: 2 }) });
  const plain = new Style({ stroke, fill, image });
  const layer = new VectorLayer({
    source: new VectorSource({ features }),
    style: (feature) => {
      const own = feature.get('own') as GeoFeature;
      const words = own.properties?.['texte'];
      const text = typeof words === 'string' && words
        ? new Text({ text: words, font: '600 14px system-ui, sans-serif', offsetY: own.geometry?.type === 'Point' ? -16 : 0, fill: new Fill({ color: '#1d2a33' }), stroke: new Stroke({ color: '#fff', width: 4 }), overflow: true })
        : undefined;
      return text ? new Style({ stroke, fill, image, text }) : plain;
    },
  });
  layer.set('node', node);
  return layer;
}

/** Every addition, bottom first: so that adding them again gives the same order. */
export function additions(model: Model): Packed[] {
  const group = model.root.children.find((n) => n.key === 'own');
  const nodes = group?.kind === 'group' ? model.layers(group) : [];
  return [...nodes].reverse().map(({ title, isVisible, opacity, entry }) => ({
    title, visible: isVisible, opacity,
    ...(entry.wms ? { wms: entry.wms } : {}),
    ...(entry.of ? { of: entry.of } : {}),
    ...(entry.colour ? { colour: entry.colour } : {}),
    ...(entry.data ? { features: entry.data.features } : {}),
  }));
}

export function linkIsTooShort(): boolean {
  return isTooLong;
}

/** From now on the link carries what was added. */
export function follow(app: App): void {
  if (following) return;
  following = true;
  app.own = () => packed;
  app.drawOwn?.((node) => ownLayer(app, node));
  let asked = 0;
  let told: string | undefined;
  app.model.onChange(() => {
    const mine = ++asked;
    void pack(additions(app.model)).then((text) => {
      // also where it is too long for the link: to say so again would go on for ever
      if (mine !== asked || text === told) return;
      told = text;
      isTooLong = text.length > LONGEST;
      packed = text && !isTooLong ? text : undefined;
      app.model.changed('opacity');
    });
  });
}

/** JSON, deflated, in letters that an address takes; empty for nothing. */
export async function pack(added: readonly Packed[]): Promise<string> {
  if (!added.length) return '';
  // six decimals of a degree are a tenth of a metre
  const json = JSON.stringify(added, (_, v: unknown) => (typeof v === 'number' && !Number.isInteger(v) ? Number(v.toFixed(6)) : v));
  const stream = new Blob([json]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Takes up what a link carries; a damaged part leaves the rest of the link as it is. */
export async function unpack(app: App, text: string): Promise<void> {
  follow(app);
  if (text === packed) return;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    restore(app, JSON.parse(await new Response(stream).text()));
  } catch {
    // an old or cut link: the map without the additions
  }
}

/** Replaces the additions by those of a link or a file; what has not their shape is left out. */
export function restore(app: App, list: unknown): void {
  const group = app.model.root.children.find((n) => n.key === 'own');
  if (group) app.model.remove(group);
  for (const raw of Array.isArray(list) ? list : []) {
    const { title, visible, opacity, wms, of, colour, features } = raw as Packed;
    const isWms = typeof wms?.url === 'string' && /^https?:/i.test(wms.url) && typeof wms.name === 'string';
    if (typeof title !== 'string' || !(isWms || Array.isArray(features))) continue;
    addOwn(app, {
      title, visible: visible !== false, opacity: typeof opacity === 'number' ? opacity : 1,
      ...(isWms ? { wms: { url: wms.url, name: wms.name, version: wms.version === '1.1.1' ? '1.1.1' : '1.3.0' } } : {}),
      ...(typeof of === 'string' ? { of } : {}),
      ...(typeof colour === 'string' && /^#[0-9a-f]{6}$/i.test(colour) ? { colour } : {}),
      ...(Array.isArray(features) ? { features } : {}),
    });
  }
}
