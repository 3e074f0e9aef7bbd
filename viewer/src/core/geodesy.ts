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
/** Longest piece of an edge, in radians of the authalic sphere: 0.1° leaves an error below a millionth. */
const PIECE = 0.1 * RADIANS;

/**
 * The area within a ring, open or closed. Latitudes go to the sphere of equal area, edges are great
 * circles there, cut into short pieces; the sum of sin(latitude) over the longitudes is exact for an area.
 */
export function area(ring: readonly XY[]): number {
  const places = ring.map(([lon, lat]): XY => [lon * RADIANS, Math.asin(q(Math.sin(lat * RADIANS)) / Q_POLE)]);
  let sum = 0;
  for (let i = 0; i < places.length; i++) {
    const line = arc(places[i]!, places[(i + 1) % places.length]!);
    for (let j = 1; j < line.length; j++) {
      const [[lon1, lat1], [lon2, lat2]] = [line[j - 1]!, line[j]!];
      const turn = ((lon2 - lon1 + 3 * Math.PI) % (2 * Math.PI)) - Math.PI;
      sum += turn * (Math.sin(lat1) + 4 * Math.sin((lat1 + lat2) / 2) + Math.sin(lat2)) / 6;
    }
  }
  return Math.abs(sum) * AUTHALIC_R2;
}

/** A great circle from one place to another, in pieces; radians. */
function arc(from: XY, to: XY): XY[] {
  const vector = ([lon, lat]: XY) => [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
  const [p, r] = [vector(from), vector(to)];
  const angle = 2 * Math.asin(Math.min(1, Math.hypot(...p.map((v, i) => v - r[i]!)) / 2));
  const pieces = Math.max(1, Math.ceil(angle / PIECE));
  const line = [from];
  for (let k = 1; k < pieces; k++) {
    const [s, t] = [Math.sin(angle * (1 - k / pieces)), Math.sin((angle * k) / pieces)];
    const [x, y, z] = p.map((v, i) => (s * v + t * r[i]!) / Math.sin(angle));
    line.push([Math.atan2(y!, x!), Math.atan2(z!, Math.hypot(x!, y!))]);
  }
  line.push(to);
  return line;
}
