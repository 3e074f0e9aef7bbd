/** The card of what was clicked: fields as the map's template says, one hit after the other. */

import type { App } from '../app.ts';
import type { GeoFeature, GeoJson, PopupField } from '../core/context.ts';
import { isInScale, type LayerNode } from '../core/model.ts';
import { filled, tr, value } from '../core/text.ts';
import { geometry } from '../map/shapes.ts';
import { featureInfoUrl, fetchJson, serviceOf, withParameters } from '../map/wms.ts';
import { announce, copy, h, iconButton, notice, outward, safeUrl } from './dom.ts';
import type { XY } from '../core/context.ts';

export interface Hit {
  node: LayerNode;
  /** In the CRS of the view. */
  feature: GeoFeature;
}

export class PopupCard {
  readonly element = h('section', { class: 'card popup', hidden: true, tabindex: -1, 'aria-label': tr('Objet choisi', 'Chosen feature') });
  private hits: Hit[] = [];
  private at = 0;
  private returnTo: HTMLElement | undefined;
  private asked = 0;

  constructor(private readonly app: App) {
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
      else if (event.key === 'PageDown') this.turn(1);
      else if (event.key === 'PageUp') this.turn(-1);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    app.stage.onPick((at) => void this.ask(at));
    // shapes of the old CRS lie elsewhere in the new one
    app.stage.onCrs(() => this.close());
  }

  close(): void {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.app.highlight.show();
    this.returnTo?.focus({ preventScroll: true });
  }

  show(hits: Hit[], at = 0): void {
    this.hits = hits;
    this.at = at;
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && !this.element.contains(focused)) this.returnTo = focused;
    this.render();
    this.element.hidden = false;
    this.element.focus({ preventScroll: true });
  }

  private turn(by: number): void {
    this.at = (this.at + by + this.hits.length) % this.hits.length;
    this.render();
  }

  private render(): void {
    const hit = this.hits[this.at];
    if (!hit) return;
    const { node, feature } = hit;
    const values = feature.properties ?? {};
    const { popup, fields = [], label } = node.entry;
    const named = popup?.title ? filled(popup.title, values) : value(values[label ?? ''], { type: 'text' });
    const title = named || node.title;
    const known = new Map(fields.map((f) => [f.name, f]));
    const shown: PopupField[] = popup?.fields?.length
      ? popup.fields.map((f) => ({ ...known.get(f.name), ...f }))
      : fields.length ? fields : Object.keys(values).map((name) => ({ name }));
    const rows = shown.flatMap((field) => {
      const text = value(values[field.name], field);
      return text ? [h('div', {}, h('dt', {}, field.label ?? field.name), h('dd', {}, shape(field, values[field.name], text)))] : [];
    });
    const count = this.hits.length;
    this.element.replaceChildren(
      h(
        'header',
        {},
        h('div', {}, h('p', { class: 'over' }, node.title), h('h2', {}, title)),
        h('div', { class: 'ends' },
          node.entry.idField && iconButton('share', tr('Copier le lien vers cet objet', 'Copy the link to this feature'), () => void this.share(hit)),
          iconButton('close', tr('Fermer', 'Close'), () => this.close())),
      ),
      rows.length ? h('dl', { class: 'facts' }, ...rows) : h('p', { class: 'quiet' }, tr('Pas d’attributs à montrer.', 'No attributes to show.')),
      ...(count > 1
        ? [
            h(
              'footer',
              {},
              iconButton('left', tr('Objet précédent', 'Previous feature'), () => this.turn(-1)),
              h('span', { 'aria-live': 'polite' }, tr(`${this.at + 1} sur ${count}`, `${this.at + 1} of ${count}`)),
              iconButton('chevron', tr('Objet suivant', 'Next feature'), () => this.turn(1)),
            ),
          ]
        : []),
    );
    this.app.highlight.show(geometry(feature.geometry));
    announce(count > 1 ? `${title}, ${this.at + 1} / ${count}` : title);
  }

  /** The map as it is, with this object open. */
  private async share({ node, feature }: Hit): Promise<void> {
    const { id, idField } = node.entry;
    const [page = '', state] = this.app.address().split('#');
    const value = String(feature.id).replace(`${id}.`, '');
    const link = `${withParameters(page, { object: `${id};${idField};${value}` })}#${state}`;
    notice((await copy(link)) ? tr('Lien copié', 'Link copied') : link);
  }

  /** Asks what is at a place, of all layers seen there. */
  private async ask(at: XY): Promise<void> {
    const { app } = this;
    const nodes = app.model.layers().filter((n) => n.isVisible && isInScale(n.entry, app.stage.scale()) && n.entry.queryable !== false);
    app.highlight.show();
    app.mark(at);
    const mine = ++this.asked;
    const answers = await Promise.allSettled([...services(nodes, app.context.base)].map(([, group]) => this.clicked(group, at)));
    // another place has been asked for meanwhile
    if (mine !== this.asked) return;
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const local = nodes.filter((n) => n.entry.data).flatMap((n) => this.local(n, at));
    // a service puts what is drawn at the place before the areas around it
    const hits = [...local, ...found];
    if (hits.length) return this.show(hits);
    this.close();
    app.mark(at);
    notice(answers.some((answer) => answer.status === 'rejected')
      ? tr('Le serveur ne répond pas : cliquez de nouveau dans un instant.', 'The server does not answer: click again in a moment.')
      : tr('Rien à cet endroit', 'Nothing at this place'));
  }

  private async clicked(nodes: LayerNode[], at: XY): Promise<Hit[]> {
    const { stage, context } = this.app;
    const all = nodes.map((n) => serviceOf(n, context.base));
    const ask = (format: string) => featureInfoUrl(all, nodes.map((n) => n.style), at, stage.resolution(), stage.crs, format);
    try {
      const found = await fetchJson<GeoJson>(ask('application/json'));
      return found.features.flatMap((feature) => {
        const node = owner(String(feature.id ?? ''), nodes);
        return node ? [{ node, feature }] : [];
      });
    } catch (fault) {
      // a WMS of elsewhere may know no JSON: its text as it is
      if (!nodes[0]?.entry.wms || nodes[0].entry.of) throw fault;
      const text = await fetch(ask('text/plain')).then((answer) => (answer.ok ? answer.text() : '')).catch(() => '');
      const node = nodes[0];
      const properties = { [tr('Réponse du service', 'Answer of the service')]: text.trim().slice(0, 2000) };
      return text.trim() ? [{ node, feature: { type: 'Feature', geometry: null, properties } }] : [];
    }
  }

  /** Features that the visitor brought lie here, not on a server. */
  private local(node: LayerNode, at: XY): Hit[] {
    const { map } = this.app.stage;
    const hits: Hit[] = [];
    map.forEachFeatureAtPixel(map.getPixelFromCoordinate(at), (found, layer) => {
      const feature = found.get('own') as GeoFeature | undefined;
      if (layer?.get('node') === node && feature) hits.push({ node, feature: { ...feature, geometry: null } });
    }, { hitTolerance: 5 });
    return hits;
  }
}

/** Layers by the service that answers for them, each with its layers from top to bottom. */
function services(nodes: readonly LayerNode[], base: string): Map<string, LayerNode[]> {
  const groups = new Map<string, LayerNode[]>();
  for (const node of nodes) {
    if (node.entry.data) continue;
    const { url } = serviceOf(node, base);
    groups.set(url, [...(groups.get(url) ?? []), node]);
  }
  return groups;
}

/** Whose feature it is: its id begins with the layer's, which may hold dots itself. */
function owner(id: string, nodes: readonly LayerNode[]): LayerNode | undefined {
  const fits = nodes.filter((n) => id.startsWith(`${n.entry.wms?.name ?? n.entry.id}.`));
  fits.sort((a, b) => b.entry.id.length - a.entry.id.length);
  return fits[0] ?? (nodes.length === 1 ? nodes[0] : undefined);
}

function shape(field: PopupField, raw: unknown, text: string): Node | string {
  const url = safeUrl(raw);
  if (field.as === 'image' && url) return h('img', { src: url, alt: field.label ?? '', loading: 'lazy' });
  if (url) return outward(url, url.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, ''));
  return text;
}
