/** The CRSs of the map, for OpenLayers: proj4 with no more projections than France's maps need. */

import Projection from 'ol/proj/Projection.js';
import { addCoordinateTransforms, addProjection, get, transform } from 'ol/proj.js';
import proj4 from 'proj4/lib/core.js';
import Proj from 'proj4/lib/Proj.js';
import laea from 'proj4/lib/projections/laea.js';
import lcc from 'proj4/lib/projections/lcc.js';
import tmerc from 'proj4/lib/projections/tmerc.js';
import utm from 'proj4/lib/projections/utm.js';
import type { CrsEntry, XY } from '../core/context.ts';

const SELF = new Set(['EPSG:3857', 'EPSG:4326']);
for (const projection of [lcc, tmerc, utm, laea]) Proj.projections.add(projection);

/** Makes each CRS known; one whose definition can't be read is left out, and the map goes on without it. */
export function register(entries: readonly CrsEntry[]): CrsEntry[] {
  return entries.filter((entry) => SELF.has(entry.code) || add(entry));
}

function add({ code, proj4: definition, extent, units }: CrsEntry): boolean {
  if (get(code)) return true;
  try {
    const convert = proj4(definition);
    const projection = new Projection({
      code,
      units: units === 'degrees' || units === 'deg' ? 'degrees' : 'm',
      // coordinates are kept x before y throughout; OpenLayers turns them for WMS 1.3.0 where the CRS does
      axisOrientation: AXES[code] ?? 'enu',
      ...(extent ? { extent } : {}),
    });
    addProjection(projection);
    addCoordinateTransforms('EPSG:4326', projection, convert.forward, convert.inverse);
    const mercator = (at: number[]) => transform(at, 'EPSG:3857', 'EPSG:4326');
    addCoordinateTransforms(
      'EPSG:3857',
      projection,
      (at: number[]) => convert.forward(mercator(at) as XY),
      (at: number[]) => transform(convert.inverse(at as XY), 'EPSG:4326', 'EPSG:3857'),
    );
    return true;
  } catch {
    return false;
  }
}

/** Where WMS 1.3.0 says y before x. */
const AXES: Record<string, string> = { 'EPSG:4258': 'neu', 'EPSG:4171': 'neu', 'EPSG:3035': 'neu' };

/** Metres of a unit, by OGC's convention for degrees (06-042 §7.2.4.6.9). */
export function metresPerUnit(code: string): number {
  return get(code)?.getUnits() === 'degrees' ? 111_319.490_793_273_57 : 1;
}

/** Between any two CRSs known, by longitude and latitude. */
export function convert(at: XY, from: string, to: string): XY {
  if (from === to) return at;
  const degrees = from === 'EPSG:4326' ? at : transform(at, from, 'EPSG:4326');
  return (to === 'EPSG:4326' ? degrees : transform(degrees, 'EPSG:4326', to)) as XY;
}
