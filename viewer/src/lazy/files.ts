/** Files of the visitor's own machine: GeoJSON, KML, GPX and CSV become features in longitude and latitude. */

import type { GeoFeature, GeoGeometry, GeoJson } from '../core/context.ts';
import { csvToGeoJson } from '../core/csv.ts';
import { tr } from '../core/text.ts';

const LARGEST = 30_000_000;

export async function readFile(file: File): Promise<GeoFeature[]> {
  if (file.size > LARGEST) throw new Error(tr('Le fichier dépasse 30 Mo.', 'The file is larger than 30 MB.'));
  const text = await file.text();
  const kind = /\.(\w+)$/.exec(file.name)?.[1]?.toLowerCase();
  const features = kind === 'kml' ? readKml(parseXml(text)) : kind === 'gpx' ? readGpx(parseXml(text)) : kind === 'csv' || kind === 'txt' ? readCsv(text) : readJson(text);
  if (!features.length) throw new Error(tr('Aucun objet trouvé dans le fichier.', 'No feature found in the file.'));
  return features;
}

function readCsv(text: string): GeoFeature[] {
  const found = csvToGeoJson(text);
  if (!found) throw new Error(tr('Le CSV doit avoir des colonnes lon et lat (degrés).', 'The CSV must have columns lon and lat (degrees).'));
  return found.features;
}

function readJson(text: string): GeoFeature[] {
  let json: GeoJson | GeoFeature | GeoGeometry;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(tr('Ce fichier n’est ni GeoJSON, ni KML, ni GPX, ni CSV.', 'This file is neither GeoJSON, KML, GPX nor CSV.'));
  }
  if ('features' in json && Array.isArray(json.features)) return json.features.filter((f) => f?.geometry);
  if ('geometry' in json) return [json];
  return 'coordinates' in json ? [{ type: 'Feature', geometry: json, properties: {} }] : [];
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
