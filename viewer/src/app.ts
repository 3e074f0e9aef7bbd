/** What the parts of the viewer share. */

import type BaseLayer from 'ol/layer/Base.js';
import type { GeoFeature, MapContext, XY } from './core/context.ts';
import type { LinkState, LinkTable } from './core/link.ts';
import type { LayerNode, Model } from './core/model.ts';
import type { ShapesLayer } from './map/shapes.ts';
import type { Stage } from './map/stage.ts';

export type Verb = 'see' | 'print' | 'personal' | 'share';

export interface App {
  readonly context: MapContext;
  readonly model: Model;
  readonly stage: Stage;
  /** What was clicked, found or chosen in a table; in the CRS of the view. */
  readonly highlight: ShapesLayer;
  /** Only the map, in a page of somebody else. */
  readonly isEmbedded: boolean;
  /** Id of the base map shown; empty for none. */
  basemap: string;
  setBasemap(id: string): void;
  state(): LinkState;
  /** The address of what is seen now. */
  address(): string;
  /** Opens the panel of a verb; `undefined` closes it. */
  open(verb: Verb | undefined): void;
  /** Tells when a verb's panel opens or closes. */
  onVerb(run: (verb: Verb | undefined) => void): void;
  /** `as` is how a link has it. */
  openTable(node: LayerNode, as?: LinkTable): void;
  /** The table as it is now; there while one is open. */
  table?: LinkTable | undefined;
  /** Zooms to a feature in longitude and latitude, marks it and shows its card. */
  openFeature(node: LayerNode, feature: GeoFeature): void;
  /** Marks a place given in the CRS of the view. */
  mark(at: XY): void;
  /** Packs the visitor's own additions for a link; there once something was added. */
  own?: () => string | undefined;
  /** Says how layers with features of their own are drawn. */
  drawOwn?: (draw: (node: LayerNode) => BaseLayer | undefined) => void;
  refresh(): void;
}
