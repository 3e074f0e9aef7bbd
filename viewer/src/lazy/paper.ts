/**
 * What the page draws for a sheet itself, because the server asks no other server for anything: a base map of elsewhere,
 * below the map's layers, and what the visitor added, above them, with its legend. Where a server lets no page read its
 * pictures there is none, and that is said.
 */

import OlMap from 'ol/Map.js';
import View from 'ol/View.js';
import type BaseLayer from 'ol/layer/Base.js';
import ImageLayer from 'ol/layer/Image.js';
import type Layer from 'ol/layer/Layer.js';
import type { App } from '../app.ts';
import type { Box, XY } from '../core/context.ts';
import { isInScale, type LayerNode } from '../core/model.ts';
import { pictures } from '../map/layers.ts';
import { serviceOf } from '../map/wms.ts';
import { h } from '../ui/dom.ts';
import { basemapLayer } from './basemap.ts';
import { FRAMES, HIGHEST } from './layouts.ts';
import { ownLayer } from './own.ts';
import { samples } from './samples.ts';

export interface Sheet {
  layout: string;
  dpi: number;
  /** The denominator on the ground at the middle of the map. */
  scale: number;
  /** In the CRS of the view. */
  center: XY;
}

export interface Drawn {
  /** JSON that goes to the server with the request; `undefined` where there is nothing to send. */
  body: string | undefined;
  /** Titles of what could not be had. */
  missing: string[];
}

/** Finer pictures of a base map have names too small to read. */
const BASE_DPI = 150;
/** The server takes no larger pictures than those of an A3 sheet at this. */
const FINEST_DPI = 300;
/** Symbols and texts are as large on paper as on a screen of this. */
const SCREEN_DPI = 96;
const LONGEST_MS = 60_000;

/** The base map where it is of elsewhere, and layers that the visitor added, bottom first. */
export function onPage(app: App, scale: number): { base: boolean; added: LayerNode[] } {
  const base = app.context.basemaps.find((b) => b.id === app.basemap);
  const added = app.model.layers().filter((n) => n.isVisible && (n.entry.wms || n.entry.data) && isInScale(n.entry, scale)).reverse();
  return { base: base !== undefined && !base.own, added };
}

export async function drawForPaper(app: App, sheet: Sheet): Promise<Drawn> {
  const { base, added } = onPage(app, sheet.scale);
  const missing: string[] = [];
  // base64 has four letters for three bytes; names and boxes take some
  let room = ((app.context.print?.bytes ?? 0) - 1000) * 0.75;
  const parts: Record<string, { bbox: Box; data: string }> = {};
  const add = async (name: string, picture: Picture) => {
    const blob = await packed(picture.canvas, room);
    if (!blob) return false;
    room -= blob.size;
    parts[name] = { bbox: picture.bbox, data: await base64(blob) };
    return true;
  };

  const layers = added.flatMap((node, index) => {
    const layer = layerOf(app, node);
    layer?.setOpacity(node.opacity);
    layer?.setZIndex(index);
    return layer ? [{ node, layer }] : [];
  });
  if (layers.length) {
    const finest = Math.min(sheet.dpi, FINEST_DPI);
    const above = await picture(app, sheet, finest, finest / SCREEN_DPI, layers.map((l) => l.layer));
    missing.push(...layers.filter((l) => above.failed.has(l.layer)).map((l) => l.node.title));
    if (layers.length > missing.length && !(await add('above', above))) missing.push(...layers.map((l) => l.node.title));
  }
  const seen = layers.filter((l) => !missing.includes(l.node.title)).map((l) => l.node);
  const legend = await samples(app, seen, sheet.scale);
  for (const sample of legend) {
    const size = JSON.stringify(sample).length * 0.75;
    // the map itself is worth more than what its symbols look like
    if (size > room / 2) {
      delete sample.symbols;
      delete sample.picture;
    } else room -= size;
  }
  const entry = base ? app.context.basemaps.find((b) => b.id === app.basemap) : undefined;
  const layer = entry && basemapLayer(entry, true);
  if (entry && layer) {
    const below = await picture(app, sheet, Math.min(sheet.dpi, BASE_DPI), 1, [layer]);
    if (below.failed.has(layer) || !(await add('below', below))) missing.push(entry.title);
  }
  const isEmpty = !Object.keys(parts).length && !legend.length;
  return { body: isEmpty ? undefined : JSON.stringify({ ...parts, legend }), missing: [...new Set(missing)] };
}

function layerOf(app: App, node: LayerNode): BaseLayer | undefined {
  if (node.entry.data) return ownLayer(app, node);
  return new ImageLayer({ source: pictures(serviceOf(node, app.context.base), node.style, node.entry.of !== undefined, true) });
}

interface Picture {
  canvas: HTMLCanvasElement;
  /** In the CRS of the view. */
  bbox: Box;
  /** Layers of which nothing came. */
  failed: Set<BaseLayer>;
}

/**
 * Draws layers on a map that nobody sees, as large as the map may be on the sheet; `ratio` are its pixels for one of CSS.
 */
async function picture(app: App, { layout, scale, center }: Sheet, dpi: number, ratio: number, layers: BaseLayer[]): Promise<Picture> {
  const { stage } = app;
  const [wide] = FRAMES[layout] ?? [312];
  const high = HIGHEST[layout] ?? 344;
  const pixels = (mm: number) => Math.ceil((mm / 25.4) * (dpi / ratio));
  const [width, height] = [pixels(wide), pixels(high)];
  const resolution = (scale * 0.0254) / (dpi / ratio) / stage.groundMetres();
  const target = h('div', { class: 'unseen', 'aria-hidden': 'true' });
  target.style.width = `${width}px`;
  target.style.height = `${height}px`;
  document.body.append(target);
  const came = new Set<BaseLayer>();
  const failed = new Set<BaseLayer>();
  for (const layer of layers) {
    const source = (layer as Layer).getSource() as unknown as { on(type: string, run: () => void): void } | null;
    for (const type of ['tileloadend', 'imageloadend']) source?.on(type, () => came.add(layer));
    for (const type of ['tileloaderror', 'imageloaderror']) source?.on(type, () => failed.add(layer));
  }
  const map = new OlMap({
    target, layers, controls: [], interactions: [], pixelRatio: ratio,
    view: new View({ projection: stage.crs, center, resolution, minResolution: 1e-9, maxResolution: 1e9 }),
  });
  try {
    await new Promise<void>((done, fail) => {
      map.once('rendercomplete', () => done());
      setTimeout(() => fail(new Error('timeout')), LONGEST_MS);
    });
    const canvas = h('canvas', { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const context = canvas.getContext('2d')!;
    for (const from of target.querySelectorAll<HTMLCanvasElement>('.ol-layer canvas')) {
      if (!from.width) continue;
      context.globalAlpha = Number(from.parentElement?.style.opacity || from.style.opacity || 1);
      const matrix = /^matrix\(([^)]*)\)$/.exec(from.style.transform)?.[1]?.split(',').map(Number);
      const [a, b, c, d, e, f] = matrix ?? [canvas.width / from.width, 0, 0, canvas.height / from.height, 0, 0];
      // the transform leads to pixels of CSS
      const by = matrix ? ratio : 1;
      context.setTransform(a! * by, b! * by, c! * by, d! * by, e! * by, f! * by);
      context.drawImage(from, 0, 0);
    }
    const bbox = map.getView().calculateExtent([width, height]) as Box;
    came.forEach((layer) => failed.delete(layer));
    return { canvas, bbox, failed };
  } finally {
    map.setTarget(undefined);
    map.dispose();
    target.remove();
  }
}

/** As WebP, or PNG where the browser writes none; coarser until it fits. */
async function packed(canvas: HTMLCanvasElement, most: number): Promise<Blob | undefined> {
  for (let size = 1; size > 0.15; size *= 0.7) {
    const smaller = size === 1 ? canvas : h('canvas', { width: Math.ceil(canvas.width * size), height: Math.ceil(canvas.height * size) });
    if (smaller !== canvas) smaller.getContext('2d')?.drawImage(canvas, 0, 0, smaller.width, smaller.height);
    for (const quality of [0.9, 0.7]) {
      const blob = await new Promise<Blob | null>((done) => smaller.toBlob(done, 'image/webp', quality));
      if (blob && blob.size <= most) return blob;
    }
  }
  return undefined;
}

async function base64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
