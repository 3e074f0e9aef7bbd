/**
 * A map's state in the fragment of its address:
 * `#view=x,y,scale&crs=EPSG:2154&layers=a,b:style*0.6&base=plan-ign&table=a;-field;map;field:words`.
 *
 * Layers stand bottom to top, as in a WMS request. What is damaged or unknown is left out, never an
 * error: an old link shows what is still there.
 */

export interface LinkState {
  view?: { x: number; y: number; scale: number };
  crs?: string;
  layers?: LinkLayer[];
  base?: string;
  /** Visitor's own additions, packed by `pack`. */
  own?: string;
  table?: LinkTable;
}

/** The attribute table that is open. */
export interface LinkTable {
  layer: string;
  /** A field, with `-` before it for the other way; empty for the order of the data. */
  sort: string;
  /** Whether it shows what the map shows. */
  isFollowing: boolean;
  /** What is written above columns, by field. */
  filters: [string, string][];
}

export interface LinkLayer {
  id: string;
  style?: string;
  opacity: number;
}

/** An object to open: `object=layer;field;value` of the query. */
export interface LinkObject {
  layer: string;
  field: string;
  value: string;
}

export function parseLink(fragment: string): LinkState {
  const pairs = new URLSearchParams(fragment.replace(/^#/, '').replaceAll('+', '%2B'));
  const state: LinkState = {};
  const view = pairs.get('view')?.split(',').map(Number);
  if (view?.length === 3 && view.every(Number.isFinite) && view[2]! > 0) {
    state.view = { x: view[0]!, y: view[1]!, scale: view[2]! };
  }
  const crs = pairs.get('crs');
  if (crs) state.crs = crs;
  const layers = pairs.get('layers');
  if (layers !== null) state.layers = layers.split(',').flatMap(parseLayer);
  const base = pairs.get('base');
  if (base) state.base = base;
  const own = pairs.get('own');
  if (own) state.own = own;
  const table = parseTable(pairs.get('table') ?? '');
  if (table) state.table = table;
  return state;
}

function parseTable(text: string): LinkTable | undefined {
  const [layer = '', sort = '', map = '', ...filters] = text.split(';').map((part) => part.split(':').map(opened));
  if (!layer[0]) return undefined;
  return {
    layer: layer[0],
    sort: sort[0] ?? '',
    isFollowing: map[0] === 'map',
    filters: filters.flatMap(([field, words]): [string, string][] => (field && words ? [[field, words]] : [])),
  };
}

function writeTable({ layer, sort, isFollowing, filters }: LinkTable): string {
  const parts = [closed(layer), closed(sort), isFollowing ? 'map' : '', ...filters.map((filter) => filter.map(closed).join(':'))];
  return plain(parts.join(';').replace(/;+$/, '')).replaceAll('%3B', ';');
}

/** What separates parts, within one. */
function closed(text: string): string {
  return text.replace(/[%;:]/g, encodeURIComponent);
}

function opened(text: string): string {
  return text.replace(/%(25|3B|3A)/gi, decodeURIComponent);
}

function parseLayer(text: string): LinkLayer[] {
  const match = /^([^:*]+)(?::([^*]*))?(?:\*([\d.]+))?/.exec(text);
  if (!match) return [];
  const opacity = match[3] === undefined ? 1 : Number(match[3]);
  const layer: LinkLayer = { id: match[1]!, opacity: Number.isFinite(opacity) ? Math.min(1, opacity) : 1 };
  if (match[2]) layer.style = match[2];
  return [layer];
}

export function writeLink(state: LinkState): string {
  const parts: string[] = [];
  if (state.view) {
    const { x, y, scale } = state.view;
    // two decimals of a metre, or as fine in degrees
    const round = (v: number) => (Math.abs(v) > 360 ? Math.round(v) : Number(v.toFixed(6)));
    parts.push(`view=${round(x)},${round(y)},${Math.round(scale)}`);
  }
  if (state.crs) parts.push(`crs=${plain(state.crs)}`);
  if (state.layers) parts.push(`layers=${state.layers.map(writeLayer).join(',')}`);
  if (state.base) parts.push(`base=${plain(state.base)}`);
  if (state.own) parts.push(`own=${plain(state.own)}`);
  if (state.table) parts.push(`table=${writeTable(state.table)}`);
  return `#${parts.join('&')}`;
}

function writeLayer({ id, style, opacity }: LinkLayer): string {
  const by = opacity < 1 ? `*${Number(opacity.toFixed(2))}` : '';
  return plain(id) + (style ? `:${plain(style)}` : '') + by;
}

/** Encoded, but for what is safe in a fragment and good to read. */
function plain(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}

/** PRODIGE's deep link; the value may hold `;`. */
export function parseObject(query: string): LinkObject | undefined {
  const text = new URLSearchParams(query).get('object');
  const match = text && /^([^;]+);([^;]+);(.+)$/s.exec(text);
  return match ? { layer: match[1]!, field: match[2]!, value: match[3]! } : undefined;
}
