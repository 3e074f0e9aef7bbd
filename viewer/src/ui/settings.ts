/** A layer's settings, below its row in the tree: opacity, style, place, table, origin. */

import type { App } from '../app.ts';
import { linkOf } from '../core/context.ts';
import { EVERYTHING, itemsUrl, query } from '../map/items.ts';
import type { LayerNode } from '../core/model.ts';
import { counted, date, tr } from '../core/text.ts';
import { h, icon, outward } from './dom.ts';
import type { IconName } from './icons.ts';

export function settings(app: App, node: LayerNode, close: () => void): HTMLElement {
  const { model, stage } = app;
  const { entry } = node;
  const percent = h('output', {}, `${Math.round(node.opacity * 100)} %`);
  const opacity = h('input', {
    type: 'range',
    min: 0,
    max: 100,
    step: 5,
    value: String(Math.round(node.opacity * 100)),
    'aria-label': tr(`Opacité de ${node.title}`, `Opacity of ${node.title}`),
    oninput: () => {
      model.setOpacity(node, Number(opacity.value) / 100);
      percent.textContent = `${opacity.value} %`;
    },
  });
  const styles = entry.styles ?? [];
  const style = h(
    'select',
    { 'aria-label': tr(`Style de ${node.title}`, `Style of ${node.title}`), onchange: () => model.setStyle(node, style.value === entry.style ? '' : style.value) },
    ...styles.map((s) => h('option', { value: s.id, selected: s.id === (node.style || entry.style) }, s.title)),
  );
  const act = (name: IconName, label: string, run: () => void) =>
    h('button', { type: 'button', class: 'small', onclick: run }, icon(name), label);
  const box = entry.extentLonLat;
  const record = linkOf(entry.links, 'record') ?? linkOf(entry.links, 'describedby');
  const page = linkOf(entry.links, 'page') ?? linkOf(entry.links, 'alternate');
  const isTable = Boolean(entry.fields?.length && linkOf(entry.links, 'items'));
  const facts = [
    entry.organisation,
    entry.revised && tr(`données du ${date(entry.revised)}`, `data of ${date(entry.revised)}`),
    entry.count != null && counted(entry.count, 'objet', 'feature'),
  ].filter((fact): fact is string => Boolean(fact));

  const panel = h(
    'div',
    { class: 'settings', role: 'group', 'aria-label': tr(`Réglages de ${node.title}`, `Settings of ${node.title}`) },
    entry.abstract && h('p', { class: 'abstract' }, entry.abstract),
    facts.length > 0 && h('p', { class: 'facts' }, facts.join(' · ')),
    h('label', { class: 'line' }, h('span', {}, tr('Opacité', 'Opacity')), opacity, percent),
    styles.length > 1 && h('label', { class: 'line' }, h('span', {}, tr('Style', 'Style')), style),
    h(
      'div',
      { class: 'acts' },
      box && act('target', tr('Zoomer', 'Zoom'), () => stage.fit(box, 'EPSG:4326')),
      isTable && act('table', tr('Table', 'Table'), () => app.openTable(node)),
      act('up', tr('Monter', 'Up'), () => model.move(node, -1)),
      act('down', tr('Descendre', 'Down'), () => model.move(node, 1)),
      node.parent?.key === 'own' && act('trash', tr('Retirer', 'Remove'), () => model.remove(node)),
    ),
    (record || page) &&
      h(
        'p',
        { class: 'links' },
        page && outward(page, tr('Page de la donnée', 'Page of the data')),
        record && outward(record, tr('Fiche de métadonnées', 'Metadata record')),
      ),
  );
  if (isTable && app.context.tools.includes('download')) {
    const url = itemsUrl(entry, app.context.base);
    const formats = [['GeoJSON', 'json'], ['CSV', tr('csv-fr', 'csv')], ['GeoPackage', 'gpkg'], ['Shapefile', 'shp'], ['FlatGeobuf', 'fgb'], ['KML', 'kml']];
    panel.append(h('p', { class: 'links' }, h('span', {}, tr('Télécharger\u00a0:', 'Download:')),
      ...formats.map(([name = '', format = '']) => h('a', { href: query(url, { limit: EVERYTHING, format }), download: '' }, name))));
  }
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  });
  return panel;
}
