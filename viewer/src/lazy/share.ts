export function sharePanel(..._: unknown[]): Node { return document.createTextNode('…'); }
