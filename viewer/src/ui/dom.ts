/** Elements in one call, icons, and the voice for screen readers. Text is never markup. */

import { tr } from '../core/text.ts';
import { ICONS, type IconName } from './icons.ts';

type Attribute = string | number | boolean | null | undefined | ((event: never) => void);
type Child = Node | string | null | undefined | false;

/**
 * An element. `on…` are listeners, `true` an empty attribute, `false`, `null` and `undefined` none;
 * `value`, `checked` and `disabled` are set as properties.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Attribute> = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(key.slice(2), value as EventListener);
    else if (key === 'value' || key === 'checked') Object.assign(element, { [key]: value });
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((c): c is Node | string => c != null && c !== false && c !== ''));
  return element;
}

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon');
  const path = document.createElementNS(svg.namespaceURI, 'path') as SVGPathElement;
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon and says a label. */
export function iconButton(
  name: IconName,
  label: string,
  onclick: (event: MouseEvent) => void,
  attributes: Record<string, Attribute> = {},
): HTMLButtonElement {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...attributes }, icon(name));
}

let voice: HTMLElement | undefined;

/** Says something to screen readers when they have a moment. */
export function announce(text: string): void {
  voice ??= document.body.appendChild(h('div', { class: 'sr-only', role: 'status', 'aria-live': 'polite' }));
  // the same words twice are said twice
  voice.textContent = '';
  const target = voice;
  setTimeout(() => (target.textContent = text), 50);
}

const SHOWN_MS = 6000;
let shown: HTMLElement | undefined;
let hiding = 0;

/** Says something to everybody: below the top of the map for some seconds. */
export function notice(text: string): void {
  announce(text);
  const parent = document.querySelector('.stage') ?? document.body;
  // the voice says it already
  shown ??= h('p', { class: 'notice', 'aria-hidden': 'true' });
  if (shown.parentElement !== parent) parent.append(shown);
  shown.textContent = text;
  shown.hidden = false;
  clearTimeout(hiding);
  hiding = window.setTimeout(() => shown && (shown.hidden = true), SHOWN_MS);
}

/** Does it once things have been quiet for a while. */
export function later<A extends unknown[]>(ms: number, run: (...args: A) => void): (...args: A) => void {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => run(...args), ms);
  };
}

/** A link that opens beside the map. */
export function outward(href: string, ...children: Child[]): HTMLAnchorElement {
  return h('a', { href, target: '_blank', rel: 'noopener' }, ...children);
}

/** Only what leads to a page: no script in an attribute of a stranger's feature. */
export function safeUrl(text: unknown): string | undefined {
  const url = typeof text === 'string' ? text.trim() : '';
  return /^https?:\/\//i.test(url) ? url : undefined;
}

/** Copies, and says whether it did. */
export async function copy(text: string, field?: HTMLInputElement | HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // without https there is no clipboard: the old way
    field?.select();
    return field ? document.execCommand('copy') : false;
  }
}

/** Gives the visitor a file. */
export function download(name: string, type: string, content: string): void {
  downloadBlob(name, new Blob([content], { type }));
}

export function downloadBlob(name: string, content: Blob): void {
  const href = URL.createObjectURL(content);
  const link = h('a', { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

/** An address to copy. */
export function address(label: string, href: string): HTMLElement {
  const field = h('input', { type: 'text', readonly: true, value: href, 'aria-label': label, onfocus: () => field.select() });
  const button = iconButton('copy', tr(`Copier : ${label}`, `Copy: ${label}`), async () => {
    if (await copy(href, field)) {
      button.classList.add('done');
      setTimeout(() => button.classList.remove('done'), 1500);
    }
  });
  return h('div', { class: 'address' }, h('span', { 'aria-hidden': 'true' }, label), field, button);
}
