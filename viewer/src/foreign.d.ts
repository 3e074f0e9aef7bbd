/** What has no types of its own: proj4 without its full set of projections, style sheets. */
declare module 'proj4/lib/core.js' {
  interface Converter {
    forward(at: number[]): number[];
    inverse(at: number[]): number[];
  }
  const proj4: (to: string) => Converter;
  export default proj4;
}
declare module 'proj4/lib/Proj.js' {
  const Proj: { projections: { add(projection: unknown): void } };
  export default Proj;
}
declare module 'proj4/lib/projections/*' {
  const projection: unknown;
  export default projection;
}
declare module '*.css';
