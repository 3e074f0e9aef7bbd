/** The map itself: OpenLayers' map and view, scales, places, and what the visitor points at. */

import OlMap from 'ol/Map.js';
import View from 'ol/View.js';
import { defaults } from 'ol/interaction/defaults.js';
import type { Coordinate } from 'ol/coordinate.js';
import { get, transformExtent } from 'ol/proj.js';
import type { Box, MapContext, XY } from '../core/context.ts';
import { distance } from '../core/geodesy.ts';
import { resolutionOf, scaleOf } from '../core/scale.ts';
import { convert, metresPerUnit } from './projections.ts';

const CALM = matchMedia('(prefers-reduced-motion: reduce)');

/** What takes the visitor's points instead of the popup: measuring, drawing. */
export interface Pointing {
  pick(at: XY): void;
  hover?(at: XY): void;
  /** Enter twice at one place, a double click. */
  finish?(): void;
}

export class Stage {
  readonly map: OlMap;
  crs: string;
  /** Who takes the next points; the popup where nobody does. */
  pointing: Pointing | undefined;
  private readonly viewListeners = new Set<() => void>();
  private readonly crsListeners = new Set<() => void>();
  private readonly pickListeners = new Set<(at: XY) => void>();
  private lastPick = 0;
  private lastAt: XY = [0, 0];

  constructor(
    target: HTMLElement,
    readonly context: MapContext,
  ) {
    this.crs = context.view.crs;
    this.map = new OlMap({
      target,
      // three pixels for one of CSS are seen by nobody, and weigh twice what two do
      pixelRatio: Math.min(2, devicePixelRatio),
      controls: [],
      layers: [],
      keyboardEventTarget: target,
      interactions: defaults({ altShiftDragRotate: false, pinchRotate: false, doubleClickZoom: false }),
      view: this.newView(this.crs),
    });
    this.fit(context.view.extent, this.crs, false);
    this.map.on('singleclick', (event) => this.pick(event.coordinate as XY));
    this.map.on('dblclick', (event) => {
      if (this.pointing?.finish) this.pointing.finish();
      else this.zoomBy(1, event.coordinate);
    });
    this.map.on('pointermove', (event) => {
      if (!event.dragging) this.pointing?.hover?.(event.coordinate as XY);
    });
    this.map.on('moveend', () => this.tell());
    target.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.target === target) {
        event.preventDefault();
        this.pick(this.centre());
      }
    });
    // the box of the map may change without the window's
    new ResizeObserver(() => this.map.updateSize()).observe(target);
  }

  /** Runs when the map has come to rest elsewhere. */
  onView(run: () => void): void {
    this.viewListeners.add(run);
  }

  /** Tells where the map is, as if it had moved there. */
  tell(): void {
    this.viewListeners.forEach((run) => run());
  }

  onCrs(run: () => void): void {
    this.crsListeners.add(run);
  }

  /** A click, or Enter on the map for its middle, while nothing else takes points. */
  onPick(run: (at: XY) => void): void {
    this.pickListeners.add(run);
  }

  private pick(at: XY): void {
    const { pointing } = this;
    if (!pointing) return this.pickListeners.forEach((run) => run(at));
    const now = performance.now();
    const isNear = Math.hypot(at[0] - this.lastAt[0], at[1] - this.lastAt[1]) < this.resolution() * 5;
    // who is quick sets two points at two places
    const isDouble = isNear && now - this.lastPick < 400;
    this.lastPick = now;
    this.lastAt = at;
    if (isDouble && pointing.finish) pointing.finish();
    else pointing.pick(at);
  }

  get view(): View {
    return this.map.getView();
  }

  centre(): XY {
    return (this.view.getCenter() ?? [0, 0]) as XY;
  }

  resolution(): number {
    return this.view.getResolution() ?? 1;
  }

  /** The denominator that the server's rules for drawing go by. */
  scale(): number {
    return scaleOf(this.resolution(), metresPerUnit(this.crs));
  }

  /** Metres on the ground of a unit of the CRS at the middle, east-west. */
  groundMetres(): number {
    const [x, y] = this.centre();
    const step = this.resolution() * 10;
    const [a, b] = [convert([x - step, y], this.crs, 'EPSG:4326'), convert([x + step, y], this.crs, 'EPSG:4326')];
    const metres = distance(a, b) / (2 * step);
    return Number.isFinite(metres) && metres > 0 ? metres : metresPerUnit(this.crs);
  }

  /** The true denominator at the middle of the map. */
  groundScale(): number {
    return scaleOf(this.resolution(), this.groundMetres());
  }

  setGroundScale(scale: number): void {
    this.move(this.centre(), resolutionOf(scale, this.groundMetres()));
  }

  size(): [number, number] {
    return (this.map.getSize() ?? [800, 600]) as [number, number];
  }

  extent(): Box {
    return this.view.calculateExtent(this.size()) as Box;
  }

  move(centre: XY, resolution?: number, animated = true): void {
    const target = resolution === undefined ? { center: centre } : { center: centre, resolution };
    this.view.cancelAnimations();
    if (animated && !CALM.matches) this.view.animate({ ...target, duration: 250 });
    else {
      if (resolution !== undefined) this.view.setResolution(resolution);
      this.view.setCenter(centre);
    }
  }

  moveToScale(centre: XY, scale: number, animated = true): void {
    this.move(centre, resolutionOf(scale, metresPerUnit(this.crs)), animated);
  }

  zoomBy(steps: number, anchor?: Coordinate): void {
    this.view.cancelAnimations();
    const resolution = this.view.getConstrainedResolution(this.resolution() / 2 ** steps) ?? this.resolution();
    const duration = CALM.matches ? 0 : 200;
    this.view.animate({ resolution, duration, ...(anchor ? { anchor } : {}) });
  }

  /**
   * Shows a box whole, beside what covers the map: `covered` are pixels at the right and below. A
   * small one not closer than 1:5 000, so that there is something around it.
   */
  fit(box: Box, crs: string, animated = true, covered: readonly [number, number] = [0, 0]): void {
    const [minX, minY, maxX, maxY] = (crs === this.crs ? box : transformExtent(box, crs, this.crs)) as Box;
    const [width, height] = this.size();
    const [right, below] = covered;
    const room = (pixels: number) => Math.max(1, pixels - 48);
    const wanted = Math.max((maxX - minX) / room(width - right), (maxY - minY) / room(height - below));
    const floor = resolutionOf(5000, metresPerUnit(this.crs));
    const resolution = Math.max(wanted, floor);
    const middle: XY = [(minX + maxX + right * resolution) / 2, (minY + maxY - below * resolution) / 2];
    this.move(middle, resolution, animated);
  }

  /** Another CRS for the view, about the same place at the same true scale. */
  setCrs(code: string): boolean {
    if (code === this.crs) return true;
    if (!get(code)) return false;
    const [centre, scale] = [convert(this.centre(), this.crs, code), this.groundScale()];
    this.crs = code;
    this.map.setView(this.newView(code));
    this.view.setCenter(centre);
    this.view.setResolution(this.resolution() || 1);
    this.view.setResolution(resolutionOf(scale, this.groundMetres()));
    this.crsListeners.forEach((run) => run());
    return true;
  }

  private newView(crs: string): View {
    const { scales, extent, extentLonLat } = this.context.view;
    const metres = metresPerUnit(crs);
    const box = (crs === this.context.view.crs ? extent : transformExtent(extentLonLat, 'EPSG:4326', crs)) as Box;
    const most = Math.max(box[2] - box[0], box[3] - box[1]);
    return new View({
      projection: crs,
      center: [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2],
      resolution: most / 800,
      minResolution: resolutionOf(scales?.min ?? 500, metres),
      // a small window must hold the whole map too
      maxResolution: Math.max(resolutionOf(scales?.max ?? 10_000_000, metres), most / 250),
      extent: [box[0] - most / 2, box[1] - most / 2, box[2] + most / 2, box[3] + most / 2],
      constrainOnlyCenter: true,
      enableRotation: false,
      showFullExtent: true,
    });
  }
}
