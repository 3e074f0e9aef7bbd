/** Lengths and areas on the ellipsoid GRS 80 (that of WGS 84 but for a tenth of a millimetre). Degrees in, metres out. */

import type { XY } from './context.ts';

const A = 6378137;
const F = 1 / 298.257222101;
const B = A * (1 - F);
const E2 = F * (2 - F);
const E = Math.sqrt(E2);
const RADIANS = Math.PI / 180;

/**
 * The geodesic between two places (Vincenty 1975, inverse); within a millimetre where it converges,
 * which it does but for places nearly opposite on the globe: there the great circle must do.
 */
export function distance([lon1, lat1]: XY, [lon2, lat2]: XY): number {
  const l = (lon2 - lon1) * RADIANS;
  const u1 = Math.atan((1 - F) * Math.tan(lat1 * RADIANS));
  const u2 = Math.atan((1 - F) * Math.tan(lat2 * RADIANS));
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let lambda = l;
  for (let i = 0; i < 100; i++) {
    const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
    const sigmaSin = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
    if (sigmaSin === 0) return 0;
    const sigmaCos = s1 * s2 + c1 * c2 * cl;
    const sigma = Math.atan2(sigmaSin, sigmaCos);
    const alphaSin = (c1 * c2 * sl) / sigmaSin;
    const alphaCos2 = 1 - alphaSin ** 2;
    const middle = alphaCos2 === 0 ? 0 : sigmaCos - (2 * s1 * s2) / alphaCos2;
    const c = (F / 16) * alphaCos2 * (4 + F * (4 - 3 * alphaCos2));
    const before = lambda;
    lambda =
      l +
      (1 - c) * F * alphaSin * (sigma + c * sigmaSin * (middle + c * sigmaCos * (2 * middle ** 2 - 1)));
    if (Math.abs(lambda - before) > 1e-12) continue;
    const k = (alphaCos2 * (A ** 2 - B ** 2)) / B ** 2;
    const p = 1 + (k / 16384) * (4096 + k * (-768 + k * (320 - 175 * k)));
    const q = (k / 1024) * (256 + k * (-128 + k * (74 - 47 * k)));
    const delta =
      q *
      sigmaSin *
      (middle +
        (q / 4) *
          (sigmaCos * (2 * middle ** 2 - 1) -
            (q / 6) * middle * (4 * sigmaSin ** 2 - 3) * (4 * middle ** 2 - 3)));
    return B * p * (sigma - delta);
  }
  return A * Math.acos(Math.min(1, Math.max(-1, s1 * s2 + c1 * c2 * Math.cos(l))));
}

export function length(line: readonly XY[]): number {
  let sum = 0;
  for (let i = 1; i < line.length; i++) sum += distance(line[i - 1]!, line[i]!);
  return sum;
}

/** Snyder's q (1987, equation 3-12): the area between the equator and a latitude goes with it. */
function q(sin: number): number {
  const es = E * sin;
  return (1 - E2) * (sin / (1 - es * es) + Math.atanh(es) / E);
}

const Q_POLE = q(1);
/** The sphere of the ellipsoid's area. */
const AUTHALIC_R2 = (A ** 2 * Q_POLE) / 2;
/**
 * The area within a ring, open or closed: latitudes go to the sphere of equal area, edges are great
 * circles there. Exact but for the edges' course, which is off a geodesic's by some metres at 300 km
 * and by nothing to speak of at 10.
 */
export function area(ring: readonly XY[]): number {
  const places = ring.map(([lon, lat]): XY => {
    const authalic = Math.asin(q(Math.sin(lat * RADIANS)) / Q_POLE);
    return [lon * RADIANS, Math.tan(authalic / 2)];
  });
  let excess = 0;
  for (let i = 0; i < places.length; i++) {
    const [[lon1, a], [lon2, b]] = [places[i]!, places[(i + 1) % places.length]!];
    // the area between the edge and the equator (spherical excess of a quadrangle)
    excess += 2 * Math.atan2(Math.tan((lon2 - lon1) / 2) * (a + b), 1 + a * b);
  }
  return Math.abs(excess) * AUTHALIC_R2;
}
