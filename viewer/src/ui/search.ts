/** Search: a combobox (WAI-ARIA) over coordinates, the fields that the map names, and titles of its layers. */

import type { App } from '../app.ts';
import { type GeoFeature, linkOf, type LayerEntry, type SearchEntry, type XY } from '../core/context.ts';
import { parseCoordinates } from '../core/coordinates.ts';
import * as cql from '../core/cql.ts';
import type { LayerNode } from '../core/model.ts';
import { counted, tr, value } from '../core/text.ts';
import { items, itemsUrl } from '../map/items.ts';
import { convert } from '../map/projections.ts';
import { announce, h, icon, later } from './dom.ts';

interface Hit {
  group: string;
  title: string;
  note: string;
  run(): void;
}

const EACH = 7;

export function searchBox(app: App): HTMLElement {
  const list = h('ul', { id: 'search-hits', role: 'listbox', 'aria-label': tr('Résultats', 'Results'), hidden: true });
  const input = h('input', {
    type: 'search',
    role: 'combobox',
    placeholder: tr('Commune, lieu, coordonnées…', 'Municipality, place, coordinates…'),
    'aria-label': tr('Rechercher dans la carte', 'Search in the map'),
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': 'search-hits',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  let hits: Hit[] = [];
  let active = -1;
  let running: AbortController | undefined;

  function show(found: Hit[], isDone: boolean): void {
    hits = found;
    active = -1;
    list.replaceChildren(
      ...found.map((hit, i) =>
        h(
          'li',
          { id: `hit-${i}`, role: 'option', 'aria-selected': 'false', onmousedown: (e: Event) => e.preventDefault(), onclick: () => choose(i) },
          h('span', {}, hit.title),
          h('span', { class: 'note' }, [hit.note, hit.group].filter(Boolean).join(' · ')),
        ),
      ),
      ...(found.length === 0 && isDone ? [h('li', { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false', class: 'quiet' }, tr('Aucun résultat : essayez un nom de commune, ou des coordonnées', 'Nothing found: try a municipality, or coordinates'))] : []),
    );
    list.hidden = list.childElementCount === 0;
    input.setAttribute('aria-expanded', String(!list.hidden));
    input.removeAttribute('aria-activedescendant');
    if (isDone && !list.hidden) announce(found.length ? counted(found.length, 'résultat', 'result') : tr('Aucun résultat', 'Nothing found'));
  }

  function hide(): void {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  function choose(index: number): void {
    const hit = hits[index];
    if (!hit) return;
    input.value = hit.title;
    running?.abort();
    // what comes back to the box afterwards would open the list again, over the card
    hits = [];
    hide();
    hit.run();
    announce(tr(`Carte centrée sur ${hit.title}`, `Map centred on ${hit.title}`));
  }

  function select(index: number): void {
    const options = [...list.querySelectorAll<HTMLElement>('[id^=hit-]')];
    active = (index + options.length) % Math.max(1, options.length);
    options.forEach((o, i) => o.setAttribute('aria-selected', String(i === active)));
    const option = options[active];
    if (option) {
      input.setAttribute('aria-activedescendant', option.id);
      option.scrollIntoView({ block: 'nearest' });
    }
  }

  const ask = later(200, async () => {
    running?.abort();
    const words = input.value.trim();
    if (words.length < 2) return show([], false);
    const now = [...places(app, words), ...titles(app, words)];
    show(now, false);
    running = new AbortController();
    const { signal } = running;
    const find = async (text: string) =>
      once(await Promise.all(app.context.search.map((entry) => features(app, entry, text, signal).catch(() => []))));
    let found = await find(words);
    // of an address, which nobody knows here, the municipality that it ends with
    const last = /\d.*[\s,]([^\s,\d]{3,})$/.exec(words)?.[1];
    if (!found.length && !now.length && last) found = await find(last);
    if (!signal.aborted) show([...places(app, words), ...found, ...titles(app, words)], true);
  });

  input.addEventListener('input', ask);
  input.addEventListener('focus', () => hits.length && input.value && ask());
  input.addEventListener('blur', () => setTimeout(hide, 100));
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') select(active + 1);
    else if (event.key === 'ArrowUp') select(active - 1);
    else if (event.key === 'Enter') choose(Math.max(0, active));
    else if (event.key === 'Escape' && !list.hidden) hide();
    else return;
    event.preventDefault();
  });
  return h('div', { class: 'search', role: 'search' }, icon('search'), input, list);
}

function places(app: App, words: string): Hit[] {
  const known = app.context.crs.map((c) => c.code);
  return parseCoordinates(words, known).map(({ crs, at }) => ({
    group: tr('Coordonnées', 'Coordinates'),
    title: words,
    note: crs === 'EPSG:4326' ? tr('longitude et latitude', 'longitude and latitude') : (app.context.crs.find((c) => c.code === crs)?.name ?? crs),
    run: () => {
      const place = convert(at, crs, app.stage.crs);
      app.stage.moveToScale(place, Math.min(app.stage.scale(), 25_000));
      app.mark(place);
    },
  }));
}

function titles(app: App, words: string): Hit[] {
  const flat = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const found = app.model.layers().filter((n) => flat(n.title).includes(flat(words)));
  return found.slice(0, 5).map((node) => ({
    group: tr('Couche', 'Layer'),
    title: node.title,
    note: node.isVisible ? '' : tr('à afficher', 'show it'),
    run: () => !node.isVisible && app.model.toggle(node),
  }));
}

/** What several layers name in the same words comes once, of the first; homonyms of one layer are several. */
function once(found: Hit[][]): Hit[] {
  const known = new Set<string>();
  const words = ({ title, note, group }: Hit) => [title, note, group].join('\n');
  return found.flatMap((hits) => {
    const others = hits.filter((hit) => !known.has(words(hit)));
    others.forEach((hit) => known.add(words(hit)));
    return others;
  });
}

/** Those that begin with the words first, then those that have them anywhere. */
async function features(app: App, entry: SearchEntry, words: string, signal: AbortSignal): Promise<Hit[]> {
  const node = app.model.layer(entry.layer) ?? app.model.layers().find((n) => n.entry.of === entry.layer);
  const url = node ? itemsUrl(node.entry, app.context.base) : `${entry.base ?? site(app)}/collections/${encodeURIComponent(entry.layer)}/items`;
  const first = cql.any(entry.fields.map((f) => cql.startsWith(f, words)));
  const within = cql.any(entry.fields.map((f) => cql.contains(f, words)));
  const sortby = entry.fields[0];
  const ask = async (filter: string) => (await items(url, { filter, limit: EACH, sortby, withoutGeometry: true, properties: entry.fields }, signal)).features;
  const begins = await ask(first);
  const others = begins.length < EACH ? await ask(within) : [];
  const known = new Set(begins.map((f) => f.id));
  const found = [...begins, ...others.filter((f) => !known.has(f.id))].slice(0, EACH);
  return found.map((feature) => {
    const [title = '', ...notes] = entry.fields.map((f) => value(feature.properties?.[f], { type: 'text' }));
    return { group: entry.title, title, note: notes.join(' '), run: () => void open(app, node, url, feature, title) };
  });
}

/** Brings the whole feature, which the list did not need. */
async function open(app: App, node: LayerNode | undefined, url: string, found: GeoFeature, title: string): Promise<void> {
  const { item } = await import('../map/items.ts');
  const feature = await item(url, found.id ?? '');
  const entry: LayerEntry = node?.entry ?? { kind: 'layer', id: '', title, visible: false, opacity: 1 };
  app.openFeature(node ?? { kind: 'layer', key: '', title, entry, isVisible: false, opacity: 1, style: '', parent: undefined }, feature);
}

/** The site that the map belongs to. */
export function site(app: App): string {
  const { base, id, links } = app.context;
  return linkOf(links, 'site') ?? base.slice(0, base.lastIndexOf(`/maps/${id}`));
}

export type { XY };
