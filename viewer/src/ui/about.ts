/** What the map is: text, producers and dates of its data, records, services to copy, documents. */

import type { App } from '../app.ts';
import { linkOf } from '../core/context.ts';
import { date, tr } from '../core/text.ts';
import { address, h, outward } from './dom.ts';

export function aboutView({ context, model }: App): HTMLElement {
  const facts: [string, Node | string | null | undefined][] = [
    [tr('Producteur', 'Producer'), context.organisation],
    [tr('Contact', 'Contact'), context.contact && (context.contact.includes('@') ? h('a', { href: `mailto:${context.contact}` }, context.contact) : context.contact)],
    [tr('Créée le', 'Created'), context.created && date(context.created)],
    [tr('Révisée le', 'Revised'), context.revised && date(context.revised)],
    [tr('Licence', 'Licence'), context.licence && (context.licence.url ? outward(context.licence.url, context.licence.title) : context.licence.title)],
  ];
  const documents = ['record', 'qgs', 'qlr', 'context', 'wmc', 'style'].flatMap((rel) =>
    context.links.filter((l) => l.rel === rel).map((l) => h('li', {}, outward(l.href, l.title ?? rel.toUpperCase()))),
  );
  const services = (['wms', 'wmts', 'wfs', 'features'] as const).flatMap((rel) => {
    const href = linkOf(context.links, rel);
    return href ? [address(rel === 'features' ? 'OGC API' : rel.toUpperCase(), href)] : [];
  });
  return h(
    'div',
    { class: 'about' },
    context.abstract && h('p', {}, context.abstract),
    h('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) => (value ? [h('div', {}, h('dt', {}, name), h('dd', {}, value))] : []))),
    h('h3', {}, tr('Données de la carte', 'Data of the map')),
    h(
      'ul',
      { class: 'sources' },
      ...model.layers().map(({ title, entry }) => {
        const page = linkOf(entry.links, 'record') ?? linkOf(entry.links, 'page');
        const said = [entry.organisation ?? entry.attribution, entry.revised && date(entry.revised)].filter(Boolean).join(', ');
        return h('li', {}, page ? outward(page, title) : title, said && h('span', { class: 'quiet' }, ` — ${said}`));
      }),
    ),
    documents.length > 0 && h('h3', {}, tr('Emporter la carte', 'Take the map away')),
    documents.length > 0 && h('ul', {}, ...documents),
    services.length > 0 && h('h3', {}, tr('Services', 'Services')),
    ...services,
  );
}
