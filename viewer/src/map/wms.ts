/** Addresses of WMS 1.3.0: pictures, clicks, legends. */

import { get } from 'ol/proj.js';
import type { Box, GeoJson } from '../core/context.ts';
import type { LayerNode } from '../core/model.ts';
import { roundScale } from '../core/scale.ts';

export interface Service {
  url: string;
  name: string;
  version: string;
}

/** The WMS that draws a layer: the map's own, or the one a visitor named. */
export function serviceOf(node: LayerNode, base: string): Service {
  return node.entry.wms ?? { url: `${base}/wms`, name: node.entry.id, version: '1.3.0' };
}

/** An address with more parameters, whether or not it has some already. */
export function withParameters(url: string, parameters: Record<string, string | number>): string {
  const query = new URLSearchParams(Object.entries(parameters).map(([k, v]) => [k, String(v)]));
  const joint = !url.includes('?') ? '?' : /[?&]$/.test(url) ? '' : '&';
  return `${url}${joint}${query}`;
}

/** The click on one service, for its layers from top to bottom: 101 pixels around the place. */
export function featureInfoUrl(
  services: readonly Service[],
  styles: readonly string[],
  at: readonly [number, number],
  resolution: number,
  crs: string,
  format: string,
): string {
  const half = resolution * 50.5;
  const box: Box = [at[0] - half, at[1] - half, at[0] + half, at[1] + half];
  const { url, version } = services[0]!;
  // bottom first, as a map is drawn: the service answers for its top first
  const names = services.map((s) => s.name).reverse().join(',');
  const isNew = version !== '1.1.1';
  const isFlipped = isNew && get(crs)?.getAxisOrientation().startsWith('ne');
  return withParameters(url, {
    SERVICE: 'WMS',
    VERSION: version,
    REQUEST: 'GetFeatureInfo',
    LAYERS: names,
    QUERY_LAYERS: names,
    STYLES: [...styles].reverse().join(','),
    [isNew ? 'CRS' : 'SRS']: crs,
    BBOX: (isFlipped ? [box[1], box[0], box[3], box[2]] : box).join(','),
    WIDTH: 101,
    HEIGHT: 101,
    [isNew ? 'I' : 'X']: 50,
    [isNew ? 'J' : 'Y']: 50,
    INFO_FORMAT: format,
    FEATURE_COUNT: 20,
  });
}

export interface Symbol {
  title: string;
  /** A picture as `data:` address. */
  picture: string;
}

interface LegendNode {
  title?: string;
  name?: string;
  icon?: string;
  symbols?: LegendNode[];
  nodes?: LegendNode[];
}

const legends = new Map<string, Promise<Symbol[]>>();

/** The symbols of a layer's style that are drawn at a scale, kept: they are asked for again and again. */
export function legend(node: LayerNode, base: string, scale: number, more: Record<string, number> = {}): Promise<Symbol[]> {
  const { url, name } = serviceOf(node, base);
  const address = withParameters(url, {
    SERVICE: 'WMS',
    VERSION: '1.3.0',
    REQUEST: 'GetLegendGraphic',
    LAYER: name,
    STYLE: node.style,
    FORMAT: 'application/json',
    SCALE: roundScale(scale),
    ...more,
    LANGUAGE: document.documentElement.lang === 'en' ? 'eng' : 'fre',
  });
  let known = legends.get(address);
  if (!known) {
    if (legends.size > 500) legends.clear();
    known = fetchJson<LegendNode>(address).then(symbols);
    legends.set(address, known);
    known.catch(() => legends.delete(address));
  }
  return known;
}

function symbols(node: LegendNode): Symbol[] {
  const own = node.icon ? [{ title: node.title ?? '', picture: `data:image/png;base64,${node.icon}` }] : [];
  return [...own, ...(node.symbols ?? []).flatMap(symbols), ...(node.nodes ?? []).flatMap(symbols)];
}

export async function fetchJson<T = GeoJson>(url: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(url, { headers: { accept: 'application/geo+json, application/json' }, ...(signal ? { signal } : {}) });
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return (await answer.json()) as T;
}
