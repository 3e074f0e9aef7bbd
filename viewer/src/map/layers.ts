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

export class MapLayers {
  private readonly drawn = new Map<LayerNode, BaseLayer>();
  private pending = 0;
  private failed = new Set<string>();

  constructor(
    private readonly stage: Stage,
    private readonly model: Model,
    private readonly onBusy: (pending: number, failed: readonly string[]) => void,
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
      ...(isOurs ? { serverType: 'qgis' as const } : {}),
      imageLoadFunction: (image, src) => load(image, src),
    });
    source.on('imageloadstart', () => this.count(1));
    source.on('imageloadend', () => {
      this.failed.delete(node.title);
      this.count(-1);
    });
    source.on('imageloaderror', () => {
      this.failed.add(node.title);
      this.count(-1);
    });
    return new ImageLayer({ source });
  }

  private drop(node: LayerNode, layer: BaseLayer): void {
    this.stage.map.removeLayer(layer);
    this.drawn.delete(node);
    this.failed.delete(node.title);
  }

  private count(by: number): void {
    this.pending = Math.max(0, this.pending + by);
    this.onBusy(this.pending, [...this.failed]);
  }
}

function load(wrapper: ImageWrapper, src: string): void {
  const url = src.replace(/([?&]DPI=)([\d.]+)/, (_, key, dpi) => key + Math.round((Number(dpi) * DPI_SERVER) / DPI_OPENLAYERS));
  (wrapper.getImage() as HTMLImageElement).src = url;
}
