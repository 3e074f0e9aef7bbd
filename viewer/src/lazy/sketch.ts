/** Points set one after the other, by mouse, finger, or Enter at the middle of the map: what measures and drawings are made of. */

import LineString from 'ol/geom/LineString.js';
import Point from 'ol/geom/Point.js';
import Polygon from 'ol/geom/Polygon.js';
import type Geometry from 'ol/geom/Geometry.js';
import type { App } from '../app.ts';
import type { XY } from '../core/context.ts';
import { outline, ShapesLayer } from '../map/shapes.ts';

export type Kind = 'point' | 'line' | 'area';

export interface Sketch {
  /** Takes the last point back. */
  undo(): void;
  finish(): void;
  clear(): void;
  /** Ends it and gives the map back to whoever had it. */
  stop(): void;
}

/** `told` hears of each change: the points in the CRS of the view, and whether the shape is complete. */
export function sketch(app: App, kind: Kind, told: (points: XY[], isDone: boolean) => void): Sketch {
  const { stage } = app;
  const shapes = new ShapesLayer(outline('#c8102e', 'rgba(200,16,46,0.15)'), 1001);
  stage.map.addLayer(shapes.layer);
  let points: XY[] = [];
  let isDone = false;
  const least = { point: 1, line: 2, area: 3 }[kind];

  function draw(hover?: XY): void {
    const all = hover && !isDone ? [...points, hover] : points;
    const shape: Geometry[] = [];
    if (all.length > 1) shape.push(kind === 'area' && all.length > 2 ? new Polygon([[...all, all[0]!]]) : new LineString(all));
    shapes.show(...shape, ...(points.length < 2 || kind === 'point' ? points.map((p) => new Point(p)) : []));
  }

  const pointing = {
    pick(at: XY) {
      if (isDone) {
        points = [];
        isDone = false;
      }
      points.push(at);
      if (kind === 'point') return finish();
      draw();
      told(points, false);
    },
    hover(at: XY) {
      if (!points.length || isDone) return;
      draw(at);
      told([...points, at], false);
    },
    finish,
  };

  function finish(): void {
    if (isDone || points.length < least) return;
    isDone = true;
    draw();
    told(points, true);
  }

  stage.pointing = pointing;
  app.highlight.show();
  return {
    undo() {
      isDone = false;
      points.pop();
      draw();
      told(points, false);
    },
    finish,
    clear() {
      points = [];
      isDone = false;
      draw();
      told(points, false);
    },
    stop() {
      stage.map.removeLayer(shapes.layer);
      if (stage.pointing === pointing) stage.pointing = undefined;
    },
  };
}
