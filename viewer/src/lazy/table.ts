/**
 * The attribute table: rows come in pages as they are scrolled to, only those in sight are in the
 * document; sorts and filters by the server, follows the map, a row leads to its place.
 */

import { transformExtent } from 'ol/proj.js';
import type { App } from '../app.ts';
import type { Field, GeoFeature } from '../core/context.ts';
import * as cql from '../core/cql.ts';
import type { LinkTable } from '../core/link.ts';
import type { LayerNode } from '../core/model.ts';
import { counted, tr, value } from '../core/text.ts';
import { EVERYTHING, item, items, itemsUrl, query, type Wanted } from '../map/items.ts';
import { announce, h, icon, iconButton, later, outward, safeUrl } from '../ui/dom.ts';

const ROW = 32;
const PAGE = 100;
/** Browsers lose count of very high elements: beyond, the bar stands for the rows in proportion. */
const HIGHEST = 8_000_000;

let opened: { close(): void } | undefined;

export function openTable(app: App, parent: HTMLElement, node: LayerNode, as?: LinkTable): void {
  opened?.close();
  const { stage, context } = app;
  const { entry } = node;
  const all = entry.fields ?? [];
  const chosen = entry.table?.columns?.length ? entry.table.columns : all.map((f) => f.name);
  const columns = chosen.flatMap((name): Field[] => all.filter((f) => f.name === name));
  const url = itemsUrl(entry, context.base);
  const isNumber = (f: Field) => f.type === 'integer' || f.type === 'number';

  let sort = as?.sort || (entry.table?.sort ?? '');
  let isFollowing = as?.isFollowing ?? false;
  const filters = new Map(as?.filters.filter(([name]) => columns.some((c) => c.name === name)));
  let pages = new Map<number, GeoFeature[] | 'asked'>();
  let total = 0;
  let turn = 0;
  let active = 0;
  let selected: string | number | undefined;
  const returnTo = document.activeElement instanceof HTMLElement ? document.activeElement : undefined;

  const count = h('span', { class: 'quiet', 'aria-live': 'polite' });
  const follow = h('input', { type: 'checkbox', checked: isFollowing, onchange: () => { isFollowing = follow.checked; reload(); } });
  const csv = h('a', { class: 'primary', download: `${entry.id}.csv` }, icon('download'), 'CSV');
  const body = h('tbody');
  const headers = h('tr');
  const table = h('table', { 'aria-label': entry.table?.title ?? node.title, 'aria-colcount': columns.length }, h('thead', {}, headers), body);
  const grid = h('div', { class: 'grid', tabindex: -1 }, table);
  const drawer = h(
    'section',
    { class: 'drawer', 'aria-label': tr(`Table : ${node.title}`, `Table: ${node.title}`) },
    h('div', { class: 'grid-resize', 'aria-hidden': 'true' }),
    h(
      'header',
      {},
      h('h2', {}, entry.table?.title ?? node.title),
      count,
      h('div', { class: 'end' },
        h('label', {}, follow, tr('Suivre la carte', 'Follow the map')),
        entry.table?.export && !entry.table.export.includes('csv') ? null : csv,
        iconButton('close', tr('Fermer la table', 'Close the table'), () => close())),
    ),
    grid,
  );

  function wanted(): Wanted {
    const said = columns.flatMap((f) => cql.column(f.name, f.type, filters.get(f.name) ?? '') ?? []);
    const box = isFollowing ? transformExtent(stage.extent(), stage.crs, 'EPSG:4326') : undefined;
    return { filter: said.length ? cql.all(said) : undefined, sortby: sort || undefined, bbox: box };
  }

  function reload(): void {
    turn++;
    pages = new Map();
    total = 0;
    active = 0;
    grid.scrollTop = 0;
    csv.href = query(url, { ...wanted(), limit: EVERYTHING, properties: columns.map((c) => c.name), format: context.language === 'fr' ? 'csv-fr' : 'csv' });
    void ask(0);
    const written = [...filters].filter(([, words]) => words.trim());
    // what a visitor has added comes to be known later than the link is read
    if (node.parent?.key !== 'own') app.table = { layer: entry.id, sort: sort === (entry.table?.sort ?? '') ? '' : sort, isFollowing, filters: written };
    // what is in the link
    app.model.changed('opacity');
  }

  async function ask(page: number): Promise<void> {
    if (pages.has(page)) return;
    pages.set(page, 'asked');
    const mine = turn;
    try {
      const found = await items(url, { ...wanted(), limit: PAGE, offset: page * PAGE, withoutGeometry: true, properties: columns.map((c) => c.name) });
      if (mine !== turn) return;
      pages.set(page, found.features);
      const isFirst = total === 0;
      total = found.numberMatched ?? found.features.length;
      if (isFirst) count.textContent = counted(total, 'objet', 'feature');
      table.setAttribute('aria-rowcount', String(total + 1));
    } catch {
      if (mine !== turn) return;
      pages.delete(page);
      count.textContent = tr('Table indisponible', 'Table not available');
    }
    draw();
  }

  function draw(): void {
    const hadFocus = body.contains(document.activeElement);
    const height = Math.min(HIGHEST, total * ROW);
    const shownRows = Math.ceil(grid.clientHeight / ROW) + 2;
    const room = Math.max(1, height - grid.clientHeight);
    const part = height < total * ROW ? (grid.scrollTop / room) * (total - shownRows + 3) : grid.scrollTop / ROW;
    const first = Math.max(0, Math.min(Math.floor(part) - 1, total - shownRows));
    const last = Math.min(total, first + shownRows + 2);
    const above = height < total * ROW ? grid.scrollTop : first * ROW;
    const rows: HTMLElement[] = [];
    for (let i = first; i < last; i++) {
      const page = pages.get(Math.floor(i / PAGE));
      if (!page) void ask(Math.floor(i / PAGE));
      rows.push(row(i, Array.isArray(page) ? page[i % PAGE] : undefined));
    }
    const gap = (px: number) => {
      const cell = h('td', { colspan: columns.length });
      cell.style.height = `${Math.max(0, px)}px`;
      return h('tr', { class: 'spacer', 'aria-hidden': 'true' }, cell);
    };
    body.replaceChildren(gap(above), ...rows, gap(height - above - rows.length * ROW));
    if (total === 0 && pages.get(0) !== 'asked') body.replaceChildren(h('tr', {}, h('td', { colspan: columns.length, class: 'quiet' }, tr('Aucun objet ne correspond.', 'No feature matches.'))));
    if (hadFocus) body.querySelector<HTMLElement>(`[data-row="${active}"]`)?.focus({ preventScroll: true });
  }

  function row(index: number, feature: GeoFeature | undefined): HTMLElement {
    const isSelected = feature !== undefined && feature.id === selected;
    return h(
      'tr',
      { 'data-row': index, tabindex: index === active ? 0 : -1, 'aria-rowindex': index + 2, 'aria-selected': isSelected ? 'true' : 'false' },
      ...columns.map((f) => {
        const raw = feature?.properties?.[f.name];
        const text = feature ? value(raw, { ...f, unit: null }) : '…';
        const link = safeUrl(raw);
        return h('td', { class: isNumber(f) ? 'number' : null, title: text.length > 24 ? text : null }, link ? outward(link, text) : text);
      }),
    );
  }

  async function choose(index: number): Promise<void> {
    const page = pages.get(Math.floor(index / PAGE));
    const feature = Array.isArray(page) ? page[index % PAGE] : undefined;
    if (!feature?.id) return;
    active = index;
    selected = feature.id;
    draw();
    const whole = await item(url, feature.id);
    if (!node.isVisible) app.model.toggle(node);
    if (entry.table?.zoom !== false) app.openFeature(node, whole);
    // the row keeps the focus, so that arrows go on
    body.querySelector<HTMLElement>(`[data-row="${active}"]`)?.focus({ preventScroll: true });
  }

  function head(): void {
    headers.replaceChildren(
      ...columns.map((f) => {
        const order = sort === f.name ? 'ascending' : sort === `-${f.name}` ? 'descending' : 'none';
        const label = f.label ?? f.name;
        const filter = h('input', {
          type: 'text',
          value: filters.get(f.name) ?? '',
          placeholder: isNumber(f) ? '≥ 100, 5..10' : tr('filtrer', 'filter'),
          'aria-label': tr(`Filtrer ${label}`, `Filter ${label}`),
          oninput: later(300, () => { filters.set(f.name, filter.value); reload(); }),
        });
        const cell = h(
          'th',
          { scope: 'col', class: isNumber(f) ? 'number' : null, 'aria-sort': order },
          h('button', { type: 'button', title: label + (f.unit ? ` (${f.unit})` : ''), onclick: () => {
            sort = order === 'ascending' ? `-${f.name}` : f.name;
            for (const [i, other] of [...headers.children].entries()) {
              const name = columns[i]?.name;
              other.setAttribute('aria-sort', sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : 'none');
            }
            head();
            reload();
            headers.querySelectorAll('button')[columns.indexOf(f)]?.focus();
          } }, h('span', {}, label), order === 'none' ? null : icon(order === 'ascending' ? 'up' : 'down')),
          filter,
        );
        cell.style.width = isNumber(f) ? '8.5rem' : '12rem';
        return cell;
      }),
    );
  }

  function close(): void {
    opened = undefined;
    app.table = undefined;
    app.model.changed('opacity');
    drawer.remove();
    document.documentElement.style.setProperty('--drawer', '0px');
    document.documentElement.classList.remove('has-drawer');
    returnTo?.focus();
  }

  grid.addEventListener('scroll', () => requestAnimationFrame(draw));
  body.addEventListener('click', (event) => {
    if ((event.target as Element).closest('a')) return;
    const index = (event.target as Element).closest<HTMLElement>('[data-row]')?.dataset['row'];
    if (index) void choose(Number(index));
  });
  body.addEventListener('keydown', (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === 'Enter' || event.key === ' ') void choose(active);
    else if (by === undefined) return;
    else {
      active = Math.max(0, Math.min(total - 1, active + by));
      const top = active * ROW;
      if (top < grid.scrollTop) grid.scrollTop = top;
      else if (top + ROW > grid.scrollTop + grid.clientHeight - 72) grid.scrollTop = top + ROW - grid.clientHeight + 72;
      draw();
      body.querySelector<HTMLElement>(`[data-row="${active}"]`)?.focus({ preventScroll: true });
    }
    event.preventDefault();
  });
  drawer.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  const handle = drawer.querySelector<HTMLElement>('.grid-resize');
  handle?.addEventListener('pointerdown', (event) => {
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (move) => setHeight(innerHeight - move.clientY);
    handle.onpointerup = () => (handle.onpointermove = null);
  });
  function setHeight(px: number): void {
    document.documentElement.style.setProperty('--drawer', `${Math.max(140, Math.min(innerHeight * 0.7, px))}px`);
    draw();
  }
  stage.onView(later(250, () => isFollowing && opened === mine && reload()));

  const mine = { close };
  opened = mine;
  head();
  parent.append(drawer);
  document.documentElement.classList.add('has-drawer');
  setHeight(Math.min(330, innerHeight * 0.42));
  reload();
  grid.focus({ preventScroll: true });
  announce(tr(`Table ${node.title} ouverte`, `Table ${node.title} opened`));
}
