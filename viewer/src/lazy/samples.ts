/**
 * The legend of what the visitor added, for a sheet of paper: the page that draws these layers knows what they look like.
 */

import type { App } from '../app.ts';
import type { LayerNode } from '../core/model.ts';
import { fetchJson, legend, serviceOf, withParameters } from '../map/wms.ts';
import { h } from '../ui/dom.ts';
import { site } from '../ui/search.ts';

export interface Sample {
  title: string;
  /** Who the data come from. */
  source?: string;
  symbols?: { title: string; data: string }[];
  /** A whole legend in one picture. */
  picture?: string;
}

const LONGEST_MS = 10_000;
/** As large as a symbol is on paper, and as fine. */
const SYMBOL = { WIDTH: 22, HEIGHT: 16, DPI: 300 };
/** The server takes no more of a layer. */
const MOST_SYMBOLS = 200;

/** Top first. What a layer looks like is left out where its server does not tell pages of others. */
export function samples(app: App, nodes: readonly LayerNode[], scale: number): Promise<Sample[]> {
  return Promise.all([...nodes].reverse().map(async (node) => {
    try {
      return { title: node.title, ...(await sample(app, node, scale)) };
    } catch {
      return { title: node.title };
    }
  }));
}

async function sample(app: App, node: LayerNode, scale: number): Promise<Omit<Sample, 'title'>> {
  const { data, of, colour = '#0b5d7a' } = node.entry;
  if (data) return { symbols: [{ title: '', data: swatch(new Set(data.features.map((f) => f.geometry?.type ?? '')), colour) }] };
  if (of) {
    const known = fetchJson<{ attribution?: string }>(`${site(app)}/collections/${encodeURIComponent(of)}?f=json&lang=${app.context.language}`).catch(() => undefined);
    const symbols = (await legend(node, app.context.base, scale, SYMBOL)).slice(0, MOST_SYMBOLS);
    const source = (await known)?.attribution;
    return { ...(source ? { source } : {}), symbols: symbols.map(({ title, picture }) => ({ title, data: bare(picture) })) };
  }
  const { url, name } = serviceOf(node, app.context.base);
  const address = withParameters(url, { SERVICE: 'WMS', VERSION: '1.3.0', REQUEST: 'GetLegendGraphic', LAYER: name, FORMAT: 'image/png', SCALE: Math.round(scale) });
  const answer = await fetch(address, { signal: AbortSignal.timeout(LONGEST_MS) });
  const picture = await createImageBitmap(await answer.blob());
  const canvas = h('canvas', { width: picture.width, height: picture.height });
  canvas.getContext('2d')!.drawImage(picture, 0, 0);
  return { picture: bare(canvas.toDataURL('image/png')) };
}

/** An area, a line and a point as the page draws them, one on the other where there are several. */
function swatch(kinds: ReadonlySet<string>, colour: string): string {
  const ratio = 4;
  const canvas = h('canvas', { width: 22 * ratio, height: 16 * ratio });
  const context = canvas.getContext('2d')!;
  const has = (kind: string) => [...kinds].some((k) => k.endsWith(kind) || k === 'GeometryCollection');
  context.scale(ratio, ratio);
  Object.assign(context, { strokeStyle: colour, lineWidth: 2 });
  if (has('Polygon')) {
    context.fillStyle = `${colour}33`;
    context.fillRect(2, 2, 18, 12);
    context.strokeRect(2, 2, 18, 12);
  }
  if (has('LineString')) {
    context.beginPath();
    context.moveTo(2, 12);
    context.bezierCurveTo(8, 2, 14, 14, 20, 4);
    context.stroke();
  }
  if (has('Point')) {
    Object.assign(context, { fillStyle: colour, strokeStyle: '#fff' });
    context.beginPath();
    context.arc(11, 8, 5, 0, 7);
    context.fill();
    context.stroke();
  }
  return bare(canvas.toDataURL('image/png'));
}

/** A `data:` address without its head. */
function bare(address: string): string {
  return address.slice(address.indexOf(',') + 1);
}
