/** What the server says about a map: the answer of `/maps/{id}?f=json`, texts already in the language of the page. */

export interface MapContext {
  id: string;
  /** Where the map's own services hang: `{base}/wms`, `{base}/collections`, … */
  base: string;
  title: string;
  abstract?: string | null;
  language: string;
  languages: string[];
  status?: string;
  access?: string;
  organisation?: string | null;
  contact?: string | null;
  licence?: Licence | null;
  created?: string | null;
  revised?: string | null;
  keywords?: string[];
  view: ViewEntry;
  crs: CrsEntry[];
  basemaps: BasemapEntry[];
  entries: Entry[];
  search: SearchEntry[];
  tools: string[];
  /** `bytes` is the most that the page may send along of what it drew itself. */
  print?: { layouts: string[]; dpi: number[]; bytes: number } | null;
  services?: string[];
  links: Link[];
}

export interface Licence {
  id?: string;
  title: string;
  url?: string | null;
}

export interface ViewEntry {
  crs: string;
  /** x before y, in `crs`. */
  extent: Box;
  extentLonLat: Box;
  /** Scale denominators, 0.28 mm pixel. */
  scales?: ScaleLimits | null;
  offer: string[];
}

export interface ScaleLimits {
  min?: number | null;
  max?: number | null;
}

/** min x, min y, max x, max y. */
export type Box = [number, number, number, number];
export type XY = [number, number];

export interface CrsEntry {
  code: string;
  name: string;
  proj4: string;
  /** The area of use in the CRS's own units. */
  extent?: Box | null;
  units: string;
}

export interface BasemapEntry {
  id: string;
  title: string;
  kind: 'wmts' | 'wms' | 'xyz' | 'none';
  url?: string | null;
  layer?: string | null;
  matrixSet?: string | null;
  style?: string | null;
  format?: string | null;
  attribution?: string | null;
  /** Layers of this server: it prints them itself. */
  own?: boolean;
}

export type Entry = GroupEntry | LayerEntry;

export interface GroupEntry {
  kind: 'group';
  title: string;
  open: boolean;
  entries: Entry[];
}

export interface LayerEntry {
  kind: 'layer';
  id: string;
  of?: string;
  title: string;
  abstract?: string | null;
  visible: boolean;
  opacity: number;
  scales?: ScaleLimits | null;
  style?: string | null;
  styles?: { id: string; title: string }[];
  geometry?: string;
  extentLonLat?: Box | null;
  queryable?: boolean;
  label?: string | null;
  /** The field that tells features apart; none where they have numbers alone. */
  idField?: string | null;
  fields?: Field[];
  popup?: Popup | null;
  table?: Table | null;
  attribution?: string | null;
  organisation?: string | null;
  revised?: string | null;
  count?: number | null;
  links?: Link[];
  /** Only of what a visitor adds: a layer of a WMS other than the map's. */
  wms?: { url: string; name: string; version: string };
  /** Only of what a visitor adds: features in longitude and latitude. */
  data?: GeoJson;
  /** Only of what a visitor adds: how `data` is drawn. */
  colour?: string;
}

export interface Field {
  name: string;
  label?: string | null;
  type?: string;
  unit?: string | null;
  decimals?: number | null;
}

export interface PopupField extends Field {
  as?: string | null;
}

export interface Popup {
  title?: string | null;
  fields: PopupField[];
}

export interface Table {
  title?: string | null;
  columns?: string[];
  sort?: string | null;
  zoom?: boolean;
  export?: string[];
}

export interface SearchEntry {
  layer: string;
  fields: string[];
  title: string;
  /** Where its collection hangs: the map's base, or the site's for a layer that the map does not show. */
  base?: string | null;
}

export interface Link {
  rel: string;
  href: string;
  type?: string | null;
  title?: string | null;
}

export interface GeoJson {
  type: 'FeatureCollection';
  features: GeoFeature[];
  numberMatched?: number;
  numberReturned?: number;
}

export interface GeoFeature {
  type: 'Feature';
  id?: string | number;
  geometry: GeoGeometry | null;
  properties: Record<string, unknown> | null;
}

export interface GeoGeometry {
  type: string;
  coordinates?: unknown;
  geometries?: GeoGeometry[];
}

/** The first link of a kind. */
export function linkOf(links: readonly Link[] | undefined, rel: string): string | undefined {
  return links?.find((link) => link.rel === rel)?.href;
}
