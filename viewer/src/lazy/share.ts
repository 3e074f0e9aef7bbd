/** The link of what is seen now, its QR code, and the map for a page of one's own. */

import { encode } from 'uqr';
import type { App } from '../app.ts';
import { linkOf, type MapContext } from '../core/context.ts';
import { writeLink } from '../core/link.ts';
import { tr } from '../core/text.ts';
import { address, copy, h, icon, later } from '../ui/dom.ts';

export function sharePanel(app: App): HTMLElement {
  const { context } = app;
  const field = h('input', { type: 'text', readonly: true, 'aria-label': tr('Lien vers cette vue', 'Link to this view'), onfocus: () => field.select() });
  const snippet = h('textarea', { rows: 4, readonly: true, 'aria-label': tr('Code à insérer', 'Code to insert'), onfocus: () => snippet.select() });
  const code = h('div');
  const button = (target: HTMLInputElement | HTMLTextAreaElement) => {
    const label = h('span', {}, tr('Copier', 'Copy'));
    return h('button', { type: 'button', class: 'primary', onclick: async () => {
      label.textContent = (await copy(target.value, target)) ? tr('Copié', 'Copied') : tr('Sélectionné', 'Selected');
      setTimeout(() => (label.textContent = tr('Copier', 'Copy')), 2000);
    } }, icon('copy'), label);
  };
  const mail = h('a', {}, tr('Envoyer par courriel', 'Send by mail'));
  const width = h('input', { type: 'number', value: '800', min: 200, max: 4000, oninput: () => update() });
  const height = h('input', { type: 'number', value: '600', min: 200, max: 4000, oninput: () => update() });

  function update(): void {
    const address = app.address();
    field.value = address;
    mail.href = `mailto:?subject=${encodeURIComponent(context.title)}&body=${encodeURIComponent(address)}`;
    const embed = (linkOf(context.links, 'embed') ?? `${context.base}/embed`).split('#')[0]! + writeLink(app.state());
    const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
    snippet.value = `<iframe src="${escaped(embed)}" title="${escaped(context.title)}" width="${Number(width.value) || 800}" height="${Number(height.value) || 600}" style="border:0" loading="lazy" allowfullscreen></iframe>`;
    code.replaceChildren(picture(address));
  }
  const soon = later(200, () => code.isConnected && update());
  app.stage.onView(soon);
  app.model.onChange(soon);
  app.onVerb((verb) => verb === 'share' && update());
  update();
  const hasEmbed = context.tools.includes('embed');
  return h(
    'div',
    { class: 'form' },
    h('p', {}, tr('Ce lien garde le lieu, l’échelle, les couches, leur ordre, leur opacité, et la table ouverte avec ses filtres.', 'This link keeps the place, the scale, the layers, their order and opacity, and the table that is open with its filters.')),
    field,
    h('div', { class: 'choices' }, button(field), mail),
    h('details', {}, h('summary', {}, tr('Code QR', 'QR code')), code),
    hasEmbed && h('details', {},
      h('summary', {}, tr('Insérer dans une page', 'Insert in a page')),
      h('div', { class: 'form' },
        h('div', { class: 'pair' },
          h('label', {}, h('span', {}, tr('Largeur (px)', 'Width (px)')), width),
          h('label', {}, h('span', {}, tr('Hauteur (px)', 'Height (px)')), height)),
        snippet,
        h('div', {}, button(snippet)))),
    inQgis(context),
  );
}

/** The whole map for QGIS, as a project, as layers, or as a service. */
function inQgis({ links }: MapContext): HTMLElement | false {
  const [project, layers, wms] = ['qgs', 'qlr', 'wms'].map((rel) => linkOf(links, rel));
  if (!project || !layers || !wms) return false;
  return h('details', {},
    h('summary', {}, tr('Ouvrir dans QGIS', 'Open in QGIS')),
    h('div', { class: 'form' },
      h('ul', {},
        h('li', {}, h('a', { href: project }, tr('Projet (la carte entière)', 'Project (the whole map)'))),
        h('li', {}, h('a', { href: layers }, tr('Couches, à glisser dans un projet', 'Layers, to be dropped into a project')))),
      address('WMS', wms)));
}

function picture(text: string): Element {
  let modules: boolean[][];
  try {
    modules = encode(text, { ecc: 'M', border: 0 }).data;
  } catch {
    return h('p', { class: 'quiet' }, tr('Le lien est trop long pour un code QR.', 'The link is too long for a QR code.'));
  }
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${modules.length} ${modules.length}`);
  svg.setAttribute('class', 'qr');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', tr('Code QR du lien', 'QR code of the link'));
  const path = document.createElementNS(svg.namespaceURI, 'path');
  path.setAttribute('d', modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join(''));
  path.setAttribute('shape-rendering', 'crispEdges');
  svg.append(path);
  return svg;
}
