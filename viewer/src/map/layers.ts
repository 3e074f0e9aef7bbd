/** The tree's layers as pictures: each its own, so that opacity and order cost no request. */

import type ImageWrapper from 'ol/Image.js';
import type BaseLayer from 'ol/layer/Base.js';
import ImageLayer from 'ol/layer/Image.js';
import ImageWMS from 'ol/source/ImageWMS.js';
import { isInScale, type LayerNode, type Model } from '../core/model.ts';
import { serviceOf } from './wms.ts';
import type { Stage } from './stage.ts';

/** OpenLayers counts 90 dots an inch, the server 96. */
const DPI_OPENLAYERS = 90;
const DPI_SERVER = 96;
/** A layer that failed is asked for again after this, then after twice as long each time. */
const SOONEST_MS = 3000;
const LATEST_MS = 60_000;

export class MapLayers {
  private readonly drawn = new Map<LayerNode, BaseLayer>();
  private readonly failed = new Map<LayerNode, ImageWMS>();
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
    nodes.forEach((node, index) => {
      const isShown = node.isVisible && isInScale(node.entry, scale);
      let layer = this.drawn.get(node);
      if (!layer && !isShown) return;
      if (!layer) {
        layer = node.entry.data ? this.vector(node) : this.picture(node);
        if (!layer) return;
        this.drawn.set(node, layer);
        this.stage.map.addLayer(layer);
      }
      layer.setVisible(isShown);
      // what is not wanted now is not missing
      if (!isShown) this.succeeded(node);
      layer.setOpacity(node.opacity);
      layer.setZIndex(nodes.length - index);
      const source = layer instanceof ImageLayer ? (layer.getSource() as ImageWMS) : undefined;
      if (source && source.getParams()['STYLES'] !== node.style) source.updateParams({ STYLES: node.style });
    });
  }

  private picture(node: LayerNode): BaseLayer {
    const { url, name, version } = serviceOf(node, this.stage.context.base);
    const isOurs = !node.entry.wms || url.startsWith(this.stage.context.base) || node.entry.of !== undefined;
    const source = new ImageWMS({
      url,
      params: { LAYERS: name, STYLES: node.style, VERSION: version, FORMAT: 'image/png', TRANSPARENT: 'TRUE' },
      ratio: 1.1,
      // elsewhere pages of other sites may be let have pictures only
      ...(isOurs ? { serverType: 'qgis' as const, imageLoadFunction: (image, src) => void loadOurs(image, src) } : {}),
    });
    source.on('imageloadend', () => {
      this.wait = SOONEST_MS;
      this.succeeded(node);
    });
    source.on('imageloaderror', () => {
      this.failed.set(node, source);
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
