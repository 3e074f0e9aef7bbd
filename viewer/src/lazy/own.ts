import type BaseLayer from 'ol/layer/Base.js';
export function ownLayer(..._: unknown[]): BaseLayer | undefined { return undefined; }
export async function unpack(..._: unknown[]): Promise<void> {}
