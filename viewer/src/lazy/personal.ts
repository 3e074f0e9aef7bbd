/** "Personnaliser": layers of the catalogue, of elsewhere and of one's own files, drawings; kept in a file or a link. */

import type { App } from '../app.ts';
import { parseLink, writeLink } from '../core/link.ts';
import { counted, number, tr } from '../core/text.ts';
import { fetchJson, withParameters } from '../map/wms.ts';
import { announce, download, h, icon, later, notice } from '../ui/dom.ts';
import { site } from '../ui/search.ts';
import { capabilities, type Offer } from './capabilities.ts';
import { drawPart } from './draw.ts';
import { readFile } from './files.ts';
import { additions, addOwn, follow, linkIsTooShort, restore } from './own.ts';

export function personalPanel(app: App): HTMLElement {
  follow(app);
  const part = (title: string, isOpen: boolean, ...content: Node[]) => h('details', { open: isOpen }, h('summary', {}, title), ...content);
  return h(
    'div',
    {},
    h('p', { class: 'quiet' }, tr('Vos ajouts restent dans votre navigateur : rien n’est gardé sur le serveur.', 'What you add stays in your browser: nothing is kept on the server.')),
    part(tr('Dessiner et annoter', 'Draw and annotate'), true, drawPart(app)),
    part(tr('Ajouter une couche du catalogue', 'Add a layer of the catalogue'), false, cataloguePart(app)),
    part(tr('Ouvrir un fichier', 'Open a file'), false, filePart(app)),
    part(tr('Ajouter un service WMS', 'Add a WMS'), false, wmsPart(app)),
    part(tr('Garder cette carte', 'Keep this map'), false, keepPart(app)),
  );
}

/** A list of things to add, each with a button. */
function offers(list: HTMLElement, found: { title: string; note: string; add: () => void }[], empty: string): void {
  list.replaceChildren(
    ...found.map(({ title, note, add }) => {
      const button = h('button', { type: 'button', class: 'small', 'aria-label': tr(`Ajouter ${title}`, `Add ${title}`), onclick: () => {
        add();
        button.replaceChildren(icon('check'), tr('Ajoutée', 'Added'));
        announce(tr(`${title} ajoutée à la carte`, `${title} added to the map`));
      } }, icon('plus'), tr('Ajouter', 'Add'));
      return h('li', { title: note || null }, h('span', {}, title), button);
    }),
    ...(found.length ? [] : [h('li', { class: 'quiet' }, empty)]),
  );
}

interface Collections {
  collections: { id: string; title?: string; description?: string; itemType?: string; dataType?: string }[];
}

function cataloguePart(app: App): HTMLElement {
  const list = h('ul', { class: 'results' });
  const words = h('input', { type: 'search', 'aria-label': tr('Chercher dans le catalogue', 'Search the catalogue'), placeholder: tr('commune, cours d’eau…', 'municipality, river…') });
  const url = `${site(app)}/collections`;
  const ask = later(250, async () => {
    const q = words.value.trim();
    try {
      const { collections } = await fetchJson<Collections>(withParameters(url, { f: 'json', limit: 30, lang: app.context.language, ...(q ? { q } : {}) }));
      offers(list, collections.map((c) => ({
        title: c.title ?? c.id,
        note: c.description ?? '',
        add: () => addOwn(app, { title: c.title ?? c.id, visible: true, opacity: 1, of: c.id, wms: { url: `${site(app)}/wms`, name: c.id, version: '1.3.0' } }),
      })), tr('Aucune couche ne correspond.', 'No layer matches.'));
    } catch {
      offers(list, [], tr('Le catalogue ne répond pas.', 'The catalogue does not answer.'));
    }
  });
  words.addEventListener('input', ask);
  queueMicrotask(ask);
  return h('div', { class: 'form' }, words, list);
}

function filePart(app: App): HTMLElement {
  const error = h('p', { class: 'error', role: 'alert', hidden: true });
  const input = h('input', { type: 'file', hidden: true, multiple: true, accept: '.geojson,.json,.kml,.gpx,.csv,.txt', onchange: () => {
    // the list empties with the field
    void take([...(input.files ?? [])]);
    input.value = '';
  } });
  const zone = h('div', { class: 'drop-zone' },
    h('p', {}, tr('Déposez ici un fichier GeoJSON, KML, GPX ou CSV', 'Drop a GeoJSON, KML, GPX or CSV file here')),
    h('button', { type: 'button', class: 'primary', onclick: () => input.click() }, icon('upload'), tr('Choisir un fichier', 'Choose a file')),
    input);

  async function take(files: readonly File[]): Promise<void> {
    error.hidden = true;
    for (const file of files) {
      try {
        const { features, leftOut } = await readFile(file, app.context.crs.map((c) => c.code));
        const node = addOwn(app, { title: file.name.replace(/\.\w+$/, ''), visible: true, opacity: 1, colour: '#8a4b00', features });
        zoomTo(app, features.map((f) => f.geometry));
        const some = leftOut ? tr(` ; sans coordonnées lisibles et laissés de côté : ${number(leftOut)}`, `; without readable coordinates and left out: ${number(leftOut)}`) : '';
        notice(`${node.title}${tr(' :', ':')} ${counted(features.length, 'objet', 'feature')}${some}`);
      } catch (fault) {
        error.textContent = `${file.name} : ${fault instanceof Error ? fault.message : fault}`;
        error.hidden = false;
      }
    }
  }
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over-it');
  });
  zone.addEventListener('dragleave', () => zone.classList.remove('over-it'));
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over-it');
    void take([...(event.dataTransfer?.files ?? [])]);
  });
  return h('div', { class: 'form' }, zone, error);
}

/** Every number pair in the geometries, by their box. */
function zoomTo(app: App, geometries: unknown[]): void {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      if (typeof value[0] === 'number' && typeof value[1] === 'number') {
        box[0] = Math.min(box[0], value[0]);
        box[1] = Math.min(box[1], value[1]);
        box[2] = Math.max(box[2], value[0]);
        box[3] = Math.max(box[3], value[1]);
      } else value.forEach(walk);
    } else if (value && typeof value === 'object') Object.values(value).forEach(walk);
  };
  geometries.forEach(walk);
  if (box.every(Number.isFinite)) app.stage.fit(box, 'EPSG:4326');
}

function wmsPart(app: App): HTMLElement {
  const list = h('ul', { class: 'results' });
  const address = h('input', { type: 'url', 'aria-label': tr('Adresse du WMS', 'Address of the WMS'), placeholder: 'https://…/wms' });
  const error = h('p', { class: 'error', role: 'alert', hidden: true });
  async function ask(event: Event): Promise<void> {
    event.preventDefault();
    error.hidden = true;
    let offer: Offer;
    try {
      offer = await capabilities(address.value.trim());
    } catch (fault) {
      error.textContent = fault instanceof Error ? fault.message : String(fault);
      error.hidden = false;
      return;
    }
    offers(list, offer.layers.slice(0, 300).map((l) => ({
      title: l.title,
      note: l.abstract,
      add: () => addOwn(app, { title: l.title, visible: true, opacity: 1, wms: { url: offer.url, name: l.name, version: offer.version } }),
    })), tr('Ce service n’a pas de couche.', 'This service has no layer.'));
  }
  return h('form', { class: 'form', onsubmit: ask, novalidate: true }, address, h('div', {}, h('button', { type: 'submit', class: 'small' }, tr('Lire ses couches', 'Read its layers'))), error, list);
}

const KIND = 'cartotheque/personal@1';

function keepPart(app: App): HTMLElement {
  const error = h('p', { class: 'error', role: 'alert', hidden: true });
  const input = h('input', { type: 'file', hidden: true, accept: '.json', onchange: async () => {
    error.hidden = true;
    try {
      const kept = JSON.parse((await input.files?.[0]?.text()) ?? '') as { kind?: string; map?: string; state?: string; additions?: unknown };
      if (kept.kind !== KIND) throw new Error(tr('Ce fichier n’est pas une carte personnelle.', 'This file is no personal map.'));
      restore(app, kept.additions);
      const state = parseLink(kept.state ?? '');
      if (state.crs) app.stage.setCrs(state.crs);
      if (state.view) app.stage.moveToScale([state.view.x, state.view.y], state.view.scale);
      if (state.layers && kept.map === app.context.id) app.model.apply(state.layers);
      const listed = state.table && app.model.layer(state.table.layer);
      if (listed) app.openTable(listed, state.table);
      announce(tr('Carte personnelle ouverte', 'Personal map opened'));
    } catch (fault) {
      error.textContent = fault instanceof SyntaxError ? tr('Ce fichier n’est pas une carte personnelle.', 'This file is no personal map.') : fault instanceof Error ? fault.message : String(fault);
      error.hidden = false;
    }
    input.value = '';
  } });
  const save = () => {
    const { own: _, ...state } = app.state();
    const kept = { kind: KIND, map: app.context.id, address: app.context.base, title: app.context.title, state: writeLink(state), additions: additions(app.model) };
    download(`${app.context.id}.carte.json`, 'application/json', JSON.stringify(kept, null, 1));
  };
  const note = h('p', { class: 'quiet' });
  const tell = () => {
    note.textContent = linkIsTooShort()
      ? tr('Vos ajouts sont trop lourds pour un lien : enregistrez le fichier.', 'Your additions are too large for a link: save the file.')
      : tr('Le lien de « Partager » contient aussi vos ajouts.', 'The link of "Share" has your additions too.');
  };
  app.model.onChange(tell);
  tell();
  return h(
    'div',
    { class: 'form' },
    note,
    h('div', { class: 'choices' },
      h('button', { type: 'button', class: 'primary', onclick: save }, icon('download'), tr('Enregistrer', 'Save')),
      h('button', { type: 'button', class: 'small', onclick: () => input.click() }, icon('upload'), tr('Ouvrir une carte', 'Open a map')),
      input),
    error,
  );
}
