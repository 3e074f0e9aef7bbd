/**
 * Files of the visitor's own machine: GeoJSON, KML, GPX and CSV become features in longitude and latitude,
 * whatever CRS and encoding they come in.
 */

import type { GeoFeature, GeoGeometry, GeoJson, XY } from '../core/context.ts';
import { planeOf } from '../core/coordinates.ts';
import { csvPlaces } from '../core/csv.ts';
import { decodeText } from '../core/encoding.ts';
import { tr } from '../core/text.ts';
import { convert } from '../map/projections.ts';

const LARGEST = 30_000_000;

export interface ReadFile {
  features: GeoFeature[];
  /** What of the file is not among them. */
  leftOut: number;
}

/** `known` are the CRSs that coordinates of a file may be in. */
export async function readFile(file: File, known: readonly string[]): Promise<ReadFile> {
  if (file.size > LARGEST) throw new Error(tr('Le fichier dépasse 30 Mo.', 'The file is larger than 30 MB.'));
  const text = decodeText(await file.arrayBuffer());
  const kind = /\.(\w+)$/.exec(file.name)?.[1]?.toLowerCase();
  const read = kind === 'kml' ? whole(readKml(parseXml(text))) : kind === 'gpx' ? whole(readGpx(parseXml(text))) : kind === 'csv' || kind === 'txt' ? readCsv(text, known) : readJson(text, known);
  if (!read.features.length) throw new Error(tr('Aucun objet trouvé dans le fichier.', 'No feature found in the file.'));
  return read;
}

/** Features that can be drawn; the others are counted. */
function whole(features: GeoFeature[]): ReadFile {
  const good = features.filter((f) => isGeometry(f?.geometry));
  return { features: good, leftOut: features.length - good.length };
}

function readCsv(text: string, known: readonly string[]): ReadFile {
  const found = csvPlaces(text, known);
  if (!found) {
    throw new Error(tr(
      'Le CSV doit avoir des colonnes lon et lat (degrés), x et y (Lambert-93 ou conique), ou une colonne geo_point.',
      'The CSV must have columns lon and lat (degrees), x and y (Lambert-93 or conic), or a column geo_point.',
    ));
  }
  const features = found.places.map(({ at, properties }, id): GeoFeature => ({
    type: 'Feature', id, geometry: { type: 'Point', coordinates: convert(at, found.crs, 'EPSG:4326') }, properties,
  }));
  return { features, leftOut: found.leftOut };
}

type Json = GeoJson | GeoFeature | GeoGeometry;

function readJson(text: string, known: readonly string[]): ReadFile {
  let json: Json | null;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new Error(tr('Ce fichier n’est ni GeoJSON, ni KML, ni GPX, ni CSV.', 'This file is neither GeoJSON, KML, GPX nor CSV.'));
  }
  if (typeof json !== 'object' || json === null) return { features: [], leftOut: 0 };
  const all: GeoFeature[] = 'features' in json && Array.isArray(json.features) ? json.features
    : 'geometry' in json ? [json]
    : 'coordinates' in json || 'geometries' in json ? [{ type: 'Feature', geometry: json as GeoGeometry, properties: {} }] : [];
  const read = whole(all);
  const crs = crsOf(json, read.features, known);
  if (crs !== 'EPSG:4326') {
    const placed = (at: unknown): unknown =>
      Array.isArray(at) && typeof at[0] === 'number' ? convert([at[0], at[1] as number], crs, 'EPSG:4326') : Array.isArray(at) ? at.map(placed) : at;
    const moved = (g: GeoGeometry): GeoGeometry => ({
      ...g,
      ...(g.coordinates === undefined ? {} : { coordinates: placed(g.coordinates) as never }),
      ...(g.geometries ? { geometries: g.geometries.map(moved) } : {}),
    });
    read.features = read.features.map((f) => ({ ...f, geometry: f.geometry && moved(f.geometry) }));
  }
  return read;
}

/** The CRS of a GeoJSON: what it says (as before RFC 7946), else what its first coordinates are. */
function crsOf(json: object, features: readonly GeoFeature[], known: readonly string[]): string {
  const said = JSON.stringify((json as { crs?: unknown }).crs ?? '');
  const code = /EPSG:{1,2}[\d.]*:?(\d{4,5})\b/i.exec(said)?.[1];
  if (code && !['4326', '4258', '4171'].includes(code)) {
    if (known.includes(`EPSG:${code}`)) return `EPSG:${code}`;
    throw new Error(tr(`Le système de coordonnées EPSG:${code} n’est pas connu ici.`, `The CRS EPSG:${code} is not known here.`));
  }
  const first = features[0]?.geometry;
  const at = first && place(first);
  const crs = at ? planeOf(at, known) : 'EPSG:4326';
  if (!crs) throw new Error(tr('Ces coordonnées ne sont ni des degrés, ni d’un système connu ici.', 'These coordinates are neither degrees nor of a CRS known here.'));
  return crs;
}

/** The first place of a geometry. */
function place(geometry: GeoGeometry): XY | undefined {
  if (geometry.geometries) return geometry.geometries.map(place).find(Boolean);
  let at: unknown = geometry.coordinates;
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0];
  return Array.isArray(at) && at.length > 1 ? (at.slice(0, 2) as XY) : undefined;
}

const DEPTHS: Record<string, number> = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 };

/** Numbers as deep as its type wants them: what is not would stop the drawing of the whole map. */
function isGeometry(geometry: GeoGeometry | null | undefined): boolean {
  if (typeof geometry !== 'object' || geometry === null) return false;
  if (geometry.type === 'GeometryCollection') return Array.isArray(geometry.geometries) && geometry.geometries.every(isGeometry);
  const depth = DEPTHS[geometry.type ?? ''];
  const isDeep = (at: unknown, left: number): boolean =>
    Array.isArray(at) && (left === 0 ? Number.isFinite(at[0]) && Number.isFinite(at[1]) : at.length > 0 && at.every((one) => isDeep(one, left - 1)));
  return depth !== undefined && isDeep(geometry.coordinates, depth);
}

function parseXml(text: string): Document {
  const xml = new DOMParser().parseFromString(text, 'application/xml');
  if (xml.querySelector('parsererror')) throw new Error(tr('Le fichier XML est mal formé.', 'The XML file is not well formed.'));
  return xml;
}

const all = (from: Element | Document, name: string) => [...from.getElementsByTagNameNS('*', name)];
const textOf = (from: Element, name: string) => [...from.children].find((c) => c.localName === name)?.textContent?.trim();

/** KML: placemarks with points, lines, polygons and what holds several of them. */
function readKml(xml: Document): GeoFeature[] {
  return all(xml, 'Placemark').flatMap((mark): GeoFeature[] => {
    const shapes = [...all(mark, 'Point'), ...all(mark, 'LineString'), ...all(mark, 'Polygon')].flatMap((g) => kmlGeometry(g) ?? []);
    if (!shapes.length) return [];
    const properties: Record<string, unknown> = {};
    for (const name of ['name', 'description']) {
      const said = textOf(mark, name);
      if (said) properties[name === 'name' ? 'nom' : name] = plainText(said);
    }
    for (const data of all(mark, 'Data')) properties[data.getAttribute('name') ?? ''] = textOf(data, 'value');
    for (const data of all(mark, 'SimpleData')) properties[data.getAttribute('name') ?? ''] = data.textContent?.trim();
    const geometry = shapes.length === 1 ? shapes[0]! : { type: 'GeometryCollection', geometries: shapes };
    return [{ type: 'Feature', geometry, properties }];
  });
}

function kmlGeometry(element: Element): GeoGeometry | undefined {
  const ring = (from: Element | undefined) =>
    (from && all(from, 'coordinates')[0]?.textContent?.trim().split(/\s+/).map((at) => at.split(',').slice(0, 2).map(Number)).filter((at) => at.length === 2 && at.every(Number.isFinite))) || [];
  if (element.localName === 'Polygon') {
    const rings = [...all(element, 'outerBoundaryIs'), ...all(element, 'innerBoundaryIs')].map(ring).filter((r) => r.length > 3);
    return rings.length ? { type: 'Polygon', coordinates: rings } : undefined;
  }
  const line = ring(element);
  if (element.localName === 'Point') return line[0] ? { type: 'Point', coordinates: line[0] } : undefined;
  return line.length > 1 ? { type: 'LineString', coordinates: line } : undefined;
}

/** GPX: way points, routes, tracks. */
function readGpx(xml: Document): GeoFeature[] {
  const at = (e: Element) => [Number(e.getAttribute('lon')), Number(e.getAttribute('lat'))];
  const named = (e: Element) => {
    const properties: Record<string, unknown> = {};
    for (const name of ['name', 'desc', 'time', 'ele']) {
      const said = textOf(e, name);
      if (said) properties[name === 'name' ? 'nom' : name] = said;
    }
    return properties;
  };
  const points = all(xml, 'wpt').map((e): GeoFeature => ({ type: 'Feature', geometry: { type: 'Point', coordinates: at(e) }, properties: named(e) }));
  const line = (e: Element, lines: number[][][]): GeoFeature[] =>
    lines.some((l) => l.length > 1) ? [{ type: 'Feature', geometry: { type: 'MultiLineString', coordinates: lines.filter((l) => l.length > 1) }, properties: named(e) }] : [];
  const routes = all(xml, 'rte').flatMap((e) => line(e, [all(e, 'rtept').map(at)]));
  const tracks = all(xml, 'trk').flatMap((e) => line(e, all(e, 'trkseg').map((s) => all(s, 'trkpt').map(at))));
  return [...points, ...routes, ...tracks];
}

/** Descriptions in KML are HTML: only what they say. */
function plainText(html: string): string {
  return new DOMParser().parseFromString(html, 'text/html').body.textContent?.trim() ?? '';
}
