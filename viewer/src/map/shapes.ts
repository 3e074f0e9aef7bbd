/** GeoJSON as OpenLayers' geometries, and the layer that shows what is found, measured or drawn. */

import Feature from 'ol/Feature.js';
import type Geometry from 'ol/geom/Geometry.js';
import GeometryCollection from 'ol/geom/GeometryCollection.js';
import LineString from 'ol/geom/LineString.js';
import MultiLineString from 'ol/geom/MultiLineString.js';
import MultiPoint from 'ol/geom/MultiPoint.js';
import MultiPolygon from 'ol/geom/MultiPolygon.js';
import Point from 'ol/geom/Point.js';
import Polygon from 'ol/geom/Polygon.js';
import VectorLayer from 'ol/layer/Vector.js';
import VectorSource from 'ol/source/Vector.js';
import CircleStyle from 'ol/style/Circle.js';
import Fill from 'ol/style/Fill.js';
import Stroke from 'ol/style/Stroke.js';
import Style from 'ol/style/Style.js';
import type { GeoGeometry } from '../core/context.ts';

/** Coordinates as they stand: `undefined` for what is no geometry. */
export function geometry(json: GeoGeometry | null | undefined): Geometry | undefined {
  const at = json?.coordinates as never;
  try {
    switch (json?.type) {
      case 'Point': return new Point(at);
      case 'MultiPoint': return new MultiPoint(at);
      case 'LineString': return new LineString(at);
      case 'MultiLineString': return new MultiLineString(at);
      case 'Polygon': return new Polygon(at);
      case 'MultiPolygon': return new MultiPolygon(at);
      case 'GeometryCollection':
        return new GeometryCollection((json.geometries ?? []).flatMap((g) => geometry(g) ?? []));
      default: return undefined;
    }
  } catch {
    return undefined;
  }
}

/** A line on a light halo, so that it is seen on any map. */
export function outline(colour: string, fill: string, width = 3): Style[] {
  const halo = new Stroke({ color: 'rgba(255,255,255,0.85)', width: width + 3 });
  const stroke = new Stroke({ color: colour, width });
  return [
    new Style({ stroke: halo, image: new CircleStyle({ radius: 9, stroke: halo }) }),
    new Style({
      stroke,
      fill: new Fill({ color: fill }),
      image: new CircleStyle({ radius: 8, stroke, fill: new Fill({ color: fill }) }),
    }),
  ];
}

export class ShapesLayer {
  readonly source = new VectorSource();
  readonly layer: VectorLayer;

  constructor(style: Style[], zIndex: number) {
    this.layer = new VectorLayer({ source: this.source, style, zIndex, updateWhileInteracting: true });
  }

  show(...shapes: (Geometry | undefined)[]): void {
    this.source.clear();
    this.source.addFeatures(shapes.flatMap((g) => (g ? [new Feature(g)] : [])));
  }
}
