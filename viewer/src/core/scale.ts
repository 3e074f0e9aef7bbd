/** Scale denominators. A pixel is 0.28 mm wide (OGC 05-077r4), whatever the screen says. */

const PIXEL_M = 0.00028;

/** Round scales that are offered. */
export const SCALES = [
  500, 1000, 2000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000, 4_000_000,
  10_000_000,
];

/** Units of the CRS per pixel → denominator; `metres` is the length of a unit. */
export function scaleOf(resolution: number, metres: number): number {
  return (resolution * metres) / PIXEL_M;
}

export function resolutionOf(scale: number, metres: number): number {
  return (scale * PIXEL_M) / metres;
}

/** Three digits: 24 987 is 25 000. */
export function roundScale(scale: number): number {
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(scale)) - 2);
  return Math.round(scale / digit) * digit;
}

/** `25000`, `1:25 000`, `1/25.000`, `1 : 25k`. */
export function parseScale(text: string): number | undefined {
  const match = /^\s*(?:1\s*[:/]\s*)?(\d[\d\s.,']*)(k|m)?\s*$/i.exec(text);
  if (!match) return undefined;
  const times = { k: 1000, m: 1_000_000 }[match[2]?.toLowerCase() ?? ''] ?? 1;
  const value = Number(match[1]!.replace(/[^\d]/g, '')) * times;
  return value > 0 ? value : undefined;
}

/** The longest round length (1, 2 or 5 times a power of ten) of at most `pixels`. */
export function barLength(metresPerPixel: number, pixels: number): { metres: number; pixels: number } {
  const most = metresPerPixel * pixels;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [5, 2, 1].find((s) => s * power <= most) ?? 1;
  return { metres: step * power, pixels: (step * power) / metresPerPixel };
}
