/**
 * The tree's layers as pictures. Those of the map's own service that lie one on the other without an opacity are one
 * picture together: names of one make room for names of the others. All else is a picture by itself, whose opacity and
 * place cost no request.
 */

import type ImageWrapper from 'ol/Image.js';
import type BaseLayer from 'ol/layer/Base.js';
import ImageLayer from 'ol/layer/Image.js';
import ImageWMS from 'ol/source/ImageWMS.js';
import { isInScale, type LayerNode, type Model } from '../core/model.ts';
import { type Service, serviceOf } from './wms.ts';
import type { Stage } from './stage.ts';

/** OpenLayers counts 90 dots an inch, the server 96. */
const DPI_OPENLAYERS = 90;
const DPI_SERVER = 96;
/** A layer that failed is asked for again after this, then after twice as long each time. */
const SOONEST_MS = 3000;
const LATEST_MS = 60_000;
/** Layers in one picture: an address with their names must not be too long, nor what a server draws at once. */
const MOST = 20;

/** Nodes of one picture, bottom first. */
type Run = [LayerNode, ...LayerNode[]];

export class MapLayers {
  /** Each picture by its lowest layer. */
  private readonly drawn = new Map<LayerNode, BaseLayer>();
  private runs = new Map<LayerNode, Run>();
  private readonly failed = new Map<LayerNode, ImageWMS>();
  /** Layers of pictures that failed together: which of them it is shows when each is by itself. */
  private readonly apart = new Set<LayerNode>();
  private wait = SOONEST_MS;
  private timer = 0;

  constructor(
    private readonly stage: Stage,
    private readonly model: Model,
    private readonly onFailed: (titles: readonly string[]) => void,
    /** How a layer with features of its own is drawn: comes with the code for such layers. */
    private readonly vector: (node: LayerNode) => BaseLayer | undefined,
  ) {
    model.onChange(() => this.update());
    stage.onView(() => this.update());
    stage.onCrs(() => {
      // pictures are asked for in the new CRS; features are laid out in it anew
      for (const [node, layer] of this.drawn) {
        if (node.entry.data) this.drop(node, layer);
      }
      this.update();
    });
    addEventListener('online', () => this.again());
    this.update();
  }

  /** Makes the map what the tree says. */
  update(): void {
    const nodes = this.model.layers();
    for (const [node, layer] of this.drawn) if (!nodes.includes(node)) this.drop(node, layer);
    const scale = this.stage.scale();
    this.runs = new Map(this.together(nodes.filter((n) => n.isVisible && isInScale(n.entry, scale))).map((run) => [run[0], run]));
    for (const [node, layer] of this.drawn) {
      if (this.runs.has(node)) continue;
      layer.setVisible(false);
      // what is not wanted now is not missing
      this.succeeded(node);
    }
    for (const [lead, run] of this.runs) {
      let layer = this.drawn.get(lead);
      if (!layer) {
        layer = lead.entry.data ? this.vector(lead) : this.picture(run);
        if (!layer) continue;
        this.drawn.set(lead, layer);
        this.stage.map.addLayer(layer);
      }
      layer.setVisible(true);
      layer.setOpacity(lead.opacity);
      layer.setZIndex(nodes.length - nodes.indexOf(lead));
      const source = layer instanceof ImageLayer ? (layer.getSource() as ImageWMS) : undefined;
      const [{ name }, style] = this.asked(run);
      const now = source?.getParams();
      if (now && (now['LAYERS'] !== name || now['STYLES'] !== style)) source?.updateParams({ LAYERS: name, STYLES: style });
    }
  }

  /** Layers that are seen, top first, as the pictures that they make. */
  private together(shown: readonly LayerNode[]): Run[] {
    const all: Run[] = [];
    let isOpen = false;
    for (const node of [...shown].reverse()) {
      const mayJoin = !node.entry.wms && !node.entry.data && node.opacity === 1 && !this.apart.has(node);
      const last = all.at(-1);
      if (mayJoin && isOpen && last && last.length < MOST) last.push(node);
      else all.push([node]);
      isOpen = mayJoin;
    }
    return all;
  }

  private asked(run: Run): [Service, style: string] {
    const all = run.map((node) => serviceOf(node, this.stage.context.base));
    return [{ ...all[0]!, name: all.map((s) => s.name).join(',') }, run.map((n) => n.style).join(',')];
  }

  private picture(run: Run): BaseLayer {
    const [lead] = run;
    const source = pictures(...this.asked(run), !lead.entry.wms || lead.entry.of !== undefined);
    source.on('imageloadend', () => {
      this.wait = SOONEST_MS;
      this.succeeded(lead);
    });
    source.on('imageloaderror', () => {
      const failed = this.runs.get(lead);
      if (failed && failed.length > 1) {
        failed.forEach((node) => this.apart.add(node));
        return this.update();
      }
      this.failed.set(lead, source);
      this.tell();
      // all that failed are asked for in one go
      this.timer ||= window.setTimeout(() => this.again(), this.wait);
    });
    return new ImageLayer({ source });
  }

  private drop(node: LayerNode, layer: BaseLayer): void {
    this.stage.map.removeLayer(layer);
    this.drawn.delete(node);
    this.succeeded(node);
  }

  private succeeded(node: LayerNode): void {
    if (this.failed.delete(node)) this.tell();
  }

  private tell(): void {
    this.onFailed([...new Set([...this.failed.keys()].map((node) => node.title))]);
  }

  /** Asks again for what failed: the server or the network may be back. */
  private again(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.wait = Math.min(LATEST_MS, this.wait * 2);
    for (const source of this.failed.values()) source.changed();
  }
}

/** `isOurs`: of this server. Of others pages may be let have nothing but pictures to look at, unless they say otherwise. */
export function pictures({ url, name, version }: Service, style: string, isOurs: boolean, isForPaper = false): ImageWMS {
  return new ImageWMS({
    url,
    params: { LAYERS: name, STYLES: style, VERSION: version, FORMAT: 'image/png', TRANSPARENT: 'TRUE' },
    ratio: isForPaper ? 1 : 1.1,
    ...(isOurs ? { serverType: 'qgis' as const, imageLoadFunction: (image, src) => void loadOurs(image, src) }
      : isForPaper ? { crossOrigin: 'anonymous' } : {}),
  });
}

/** As the server counts dots; and asked for again where it is too busy just now (503 with Retry-After). */
async function loadOurs(wrapper: ImageWrapper, src: string): Promise<void> {
  const image = wrapper.getImage() as HTMLImageElement;
  const url = src.replace(/([?&]DPI=)([\d.]+)/, (_, key, dpi) => key + Math.round((Number(dpi) * DPI_SERVER) / DPI_OPENLAYERS));
  try {
    let answer = await fetch(url);
    for (let tries = 0; answer.status === 503 && tries < 4; tries++) {
      const seconds = Number(answer.headers.get('retry-after')) || 1;
      await new Promise((done) => setTimeout(done, Math.min(5, seconds) * 1000));
      answer = await fetch(url);
    }
    if (!answer.ok || !answer.headers.get('content-type')?.startsWith('image/')) throw new Error(String(answer.status));
    const address = URL.createObjectURL(await answer.blob());
    image.addEventListener('load', () => URL.revokeObjectURL(address), { once: true });
    image.src = address;
  } catch {
    image.dispatchEvent(new Event('error'));
  }
}
