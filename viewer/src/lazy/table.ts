export function openTable(..._: unknown[]): void {}
