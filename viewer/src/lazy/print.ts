export function printPanel(..._: unknown[]): Node { return document.createTextNode('…'); }
