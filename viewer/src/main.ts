/** Puts the viewer together on a map's page. Without it the page is the map as text. */

import './style.css';
import type BaseLayer from 'ol/layer/Base.js';
import Point from 'ol/geom/Point.js';
import type { App, Verb } from './app.ts';
import type { Box, GeoFeature, MapContext, XY } from './core/context.ts';
import { parseLink, parseObject, writeLink, type LinkState } from './core/link.ts';
import { type LayerNode, Model } from './core/model.ts';
import { setLanguage, tr } from './core/text.ts';
import { itemBy } from './map/items.ts';
import { MapLayers } from './map/layers.ts';
import { convert, register } from './map/projections.ts';
import { geometry, outline, ShapesLayer } from './map/shapes.ts';
import { Stage } from './map/stage.ts';
import { h, later, notice } from './ui/dom.ts';
import { PopupCard } from './ui/popup.ts';
import { searchBox } from './ui/search.ts';
import { shell, type Shell } from './ui/shell.ts';
import { statusBar } from './ui/status.ts';
import { toolButtons } from './ui/tools.ts';

function start(context: MapContext, isEmbedded: boolean): void {
  setLanguage(context.language);
  context.crs = register(context.crs);
  const root = document.documentElement;
  const target = h('div', { class: 'map', tabindex: 0, role: 'application', 'aria-label': mapLabel(context), 'aria-describedby': 'map-help' });
  const help = h('p', { id: 'map-help', class: 'sr-only' }, tr(
    'Flèches : déplacer. Plus et moins : zoomer. Entrée : interroger le centre de la carte. La version texte est le premier lien de la page.',
    'Arrows: move. Plus and minus: zoom. Enter: ask what is at the middle of the map. The text version is the first link of the page.',
  ));
  const busy = h('div', { class: 'busy', hidden: true });
  const trouble = h('p', { class: 'trouble', role: 'alert', hidden: true });
  const stageElement = h('div', { class: 'stage' }, target, help, h('div', { class: 'crosshair', 'aria-hidden': 'true' }), busy, trouble);
  document.getElementById('viewer')?.append(stageElement);
  root.classList.add('has-viewer');

  const stage = new Stage(target, context);
  const model = new Model(context.entries);
  const highlight = new ShapesLayer(outline('#c8102e', 'rgba(200,16,46,0.12)'), 1000);
  stage.map.addLayer(highlight.layer);
  const verbListeners = new Set<(verb: Verb | undefined) => void>();
  let view: Shell | undefined;
  let basemap: BaseLayer | undefined;

  const app: App = {
    context,
    model,
    stage,
    highlight,
    isEmbedded,
    basemap: '',
    setBasemap(id) {
      const entry = context.basemaps.find((b) => b.id === id);
      app.basemap = entry && entry.kind !== 'none' ? id : '';
      void import('./lazy/basemap.ts').then(({ basemapLayer }) => {
        if (basemap) stage.map.removeLayer(basemap);
        basemap = entry && app.basemap ? basemapLayer(entry) : undefined;
        if (basemap) stage.map.addLayer(basemap);
        model.changed('opacity');
        remember();
      });
    },
    state() {
      const [x, y] = stage.centre();
      const own = app.own?.();
      return {
        view: { x, y, scale: stage.scale() },
        crs: stage.crs,
        layers: model.state(),
        ...(app.basemap ? { base: app.basemap } : context.basemaps.length ? { base: 'none' } : {}),
        ...(own ? { own } : {}),
        ...(app.table ? { table: app.table } : {}),
      };
    },
    address: () => context.base + languageQuery(context) + writeLink(app.state()),
    open: (verb) => view?.open(verb),
    onVerb: (run) => verbListeners.add(run),
    openTable: (node, as) => void import('./lazy/table.ts').then(({ openTable }) => openTable(app, document.body, node, as)),
    openFeature(node, feature) {
      const shape = geometry(feature.geometry);
      shape?.transform('EPSG:4326', stage.crs);
      const box = shape?.getExtent();
      const there: GeoFeature = { ...feature, geometry: null };
      popup.show([{ node, feature: there }]);
      highlight.show(shape);
      // the card lies at the right, on a phone below
      const { offsetWidth, offsetHeight } = popup.element;
      const isBelow = offsetWidth > stage.size()[0] * 0.8;
      if (box) stage.fit(box as Box, stage.crs, true, isBelow ? [0, offsetHeight] : [offsetWidth + 24, 0]);
    },
    mark: (at: XY) => highlight.show(new Point(at)),
    refresh: () => model.changed('tree'),
  };

  const popup = new PopupCard(app);
  stageElement.append(popup.element, toolButtons(app, stageElement), statusBar(app));
  if (context.search.length || !isEmbedded) document.querySelector('.bar .grow')?.append(searchBox(app));
  view = shell(app, (verb) => verbListeners.forEach((run) => run(verb)));
  verbListeners.add((verb) => verb && verb !== 'see' && popup.close());
  document.getElementById('viewer')?.prepend(view.rail, view.panel);

  stage.map.on('loadstart', () => (busy.hidden = false));
  stage.map.on('loadend', () => (busy.hidden = true));
  new MapLayers(stage, model, (failed) => {
    trouble.hidden = failed.length === 0;
    const text = failed.length ? tr(`Couche indisponible : ${failed.join(', ')}`, `Layer not available: ${failed.join(', ')}`) : '';
    if (trouble.textContent !== text) trouble.textContent = text;
  }, (node: LayerNode) => drawOwn?.(node));
  let drawOwn: ((node: LayerNode) => BaseLayer | undefined) | undefined;

  async function take(state: LinkState): Promise<void> {
    if (state.own || drawOwn === undefined && model.layers().some((n) => n.entry.data)) {
      const own = await import('./lazy/own.ts');
      drawOwn = (node) => own.ownLayer(app, node);
      if (state.own) await own.unpack(app, state.own);
    }
    if (state.crs && context.view.offer.includes(state.crs)) stage.setCrs(state.crs);
    if (state.view) stage.moveToScale([state.view.x, state.view.y], state.view.scale, false);
    if (state.layers) model.apply(state.layers);
    const wanted = state.base ?? context.basemaps[0]?.id;
    if (wanted && wanted !== 'none' && wanted !== app.basemap) app.setBasemap(wanted);
    const listed = state.table && model.layer(state.table.layer);
    if (listed) app.openTable(listed, state.table);
  }

  // now that everything has its place the map knows its size
  if (!isEmbedded && matchMedia('(min-width: 60rem)').matches) app.open('see');
  stage.map.updateSize();
  stage.fit(context.view.extent, context.view.crs, false);

  let written = '';
  const remember = later(300, () => {
    if (isEmbedded) return;
    written = writeLink(app.state());
    history.replaceState(null, '', written);
    for (const link of document.querySelectorAll<HTMLAnchorElement>('a[hreflang]')) link.hash = written;
  });

  const fromFragment = location.hash.length > 1 ? parseLink(location.hash) : {};
  void take(fromFragment).then(async () => {
    stage.tell();
    stage.onView(remember);
    model.onChange(remember);
    const wanted = parseObject(location.search);
    if (!wanted) return;
    const node = model.layer(wanted.layer) ?? model.layers().find((n) => n.entry.of === wanted.layer);
    const feature = node && (await itemBy(node.entry, context.base, wanted.field, wanted.value).catch(() => undefined));
    if (!node || !feature) return notice(tr(`Objet introuvable : ${wanted.value}`, `Feature not found: ${wanted.value}`));
    if (!node.isVisible) model.toggle(node);
    app.openFeature(node, feature);
  });
  addEventListener('hashchange', () => {
    if (decodeURIComponent(location.hash) !== decodeURIComponent(written)) void take(parseLink(location.hash));
  });
  app.drawOwn = (draw) => {
    drawOwn = draw;
    model.changed('tree');
  };

  document.getElementById('as-text')?.addEventListener('click', (event) => {
    event.preventDefault();
    const isText = root.classList.toggle('as-text');
    (isText ? document.getElementById('alternative') : target)?.focus();
    stage.map.updateSize();
  });
  // for tests and for whoever looks from the console
  Object.assign(window, { cartotheque: { app, convert } });
}

function mapLabel({ title }: MapContext): string {
  return tr(`Carte : ${title}`, `Map: ${title}`);
}

function languageQuery({ language, languages }: MapContext): string {
  return language === languages[0] ? '' : `?lang=${language}`;
}

const context = document.getElementById('context')?.textContent;
if (context) start(JSON.parse(context) as MapContext, document.body.classList.contains('embed'));
