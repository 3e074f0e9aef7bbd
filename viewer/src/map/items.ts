/** Features by the map's OGC API: `items` with filter, order, page and CRS. */

import { type GeoFeature, type GeoJson, type LayerEntry, linkOf } from '../core/context.ts';
import * as cql from '../core/cql.ts';
import { fetchJson, withParameters } from './wms.ts';

/** The address of a layer's features without parameters. */
export function itemsUrl(entry: LayerEntry, base: string): string {
  const link = linkOf(entry.links, 'items') ?? `${base}/collections/${encodeURIComponent(entry.id)}/items`;
  return link.split('?')[0]!;
}

/** The most that the server gives at once: a download has no pages. */
export const EVERYTHING = 10_000_000;

export interface Wanted {
  filter?: string | undefined;
  limit?: number;
  offset?: number;
  /** Longitudes and latitudes. */
  bbox?: readonly number[] | undefined;
  sortby?: string | undefined;
  properties?: readonly string[];
  withoutGeometry?: boolean;
  format?: string;
}

/** GeoJSON has longitude and latitude, whatever the view's CRS. */
export function query(url: string, wanted: Wanted): string {
  const { filter, limit, offset, bbox, sortby, properties, withoutGeometry, format } = wanted;
  return withParameters(url, {
    f: format ?? 'json',
    ...(filter ? { filter, 'filter-lang': 'cql2-text' } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(offset ? { offset } : {}),
    ...(bbox ? { bbox: bbox.join(',') } : {}),
    ...(sortby ? { sortby } : {}),
    ...(properties ? { properties: properties.join(',') } : {}),
    ...(withoutGeometry ? { skipGeometry: 'true' } : {}),
  });
}

export function items(url: string, wanted: Wanted, signal?: AbortSignal): Promise<GeoJson> {
  return fetchJson<GeoJson>(query(url, wanted), signal);
}

/** One feature by its id. */
export function item(url: string, id: string | number): Promise<GeoFeature> {
  return fetchJson<GeoFeature>(`${url}/${encodeURIComponent(id)}?f=json`);
}

/** The first feature whose field has a value, as a deep link names it. */
export async function itemBy(entry: LayerEntry, base: string, field: string, value: string): Promise<GeoFeature | undefined> {
  const type = entry.fields?.find((f) => f.name === field)?.type;
  const isNumber = type === 'integer' || type === 'number';
  const literal = isNumber && Number.isFinite(Number(value)) ? String(Number(value)) : cql.text(value);
  const found = await items(itemsUrl(entry, base), { filter: `${cql.name(field)} = ${literal}`, limit: 1 });
  return found.features[0];
}
