export function personalPanel(..._: unknown[]): Node { return document.createTextNode('…'); }
