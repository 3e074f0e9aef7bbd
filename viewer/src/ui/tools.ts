/** Buttons on the map: zoom, whole map, place, full screen, measures, overview. */

import type { App } from '../app.ts';
import { tr } from '../core/text.ts';
import { convert } from '../map/projections.ts';
import { announce, h, iconButton, notice } from './dom.ts';

export function toolButtons(app: App, stageElement: HTMLElement): HTMLElement {
  const { stage, context } = app;
  const zoom = h(
    'div',
    { class: 'cluster' },
    iconButton('plus', tr('Zoomer', 'Zoom in'), () => stage.zoomBy(1)),
    iconButton('minus', tr('Dézoomer', 'Zoom out'), () => stage.zoomBy(-1)),
  );
  const home = iconButton('home', tr('Toute la carte', 'The whole map'), () => stage.fit(context.view.extent, context.view.crs));
  const tools = h('div', { class: 'cluster' }, home);
  if ('geolocation' in navigator && !app.isEmbedded) {
    tools.append(iconButton('locate', tr('Ma position', 'My position'), () => locate(app)));
  }
  if (document.fullscreenEnabled) {
    tools.append(
      iconButton('full', tr('Plein écran', 'Full screen'), () => {
        if (document.fullscreenElement) void document.exitFullscreen();
        else void stageElement.requestFullscreen();
      }),
    );
  }
  const measures = h('div', { class: 'cluster' });
  if (context.tools.includes('measure')) {
    for (const kind of ['line', 'area'] as const) {
      const label = kind === 'line' ? tr('Mesurer une distance', 'Measure a distance') : tr('Mesurer une surface', 'Measure an area');
      const button = iconButton(kind === 'line' ? 'ruler' : 'area', label, async () => {
        const { measure } = await import('../lazy/measure.ts');
        measure(app, stageElement, kind, button);
      }, { 'aria-pressed': 'false' });
      measures.append(button);
    }
  }
  let view: HTMLElement | undefined;
  const look = iconButton('overview', tr('Vue d’ensemble', 'Overview'), async () => {
    const { overview } = await import('../lazy/overview.ts');
    view ??= bar.appendChild(overview(app));
    view.hidden = !view.hidden;
    look.setAttribute('aria-pressed', String(!view.hidden));
  }, { 'aria-pressed': 'false', class: 'icon-button wide-only' });
  tools.append(look);
  const bar = h('div', { class: 'tools', role: 'toolbar', 'aria-label': tr('Outils de la carte', 'Map tools'), 'aria-orientation': 'vertical' }, zoom, tools, measures.childElementCount > 0 && measures);
  return bar;
}

function locate({ stage, mark }: App): void {
  announce(tr('Recherche de votre position…', 'Looking for your position…'));
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const at = convert([coords.longitude, coords.latitude], 'EPSG:4326', stage.crs);
      stage.moveToScale(at, Math.min(stage.scale(), 25_000));
      mark(at);
      announce(tr(`Position trouvée, à ${Math.round(coords.accuracy)} m près`, `Position found, within ${Math.round(coords.accuracy)} m`));
    },
    () => notice(tr('Position indisponible', 'Position not available')),
    { enableHighAccuracy: true, timeout: 10_000 },
  );
}
