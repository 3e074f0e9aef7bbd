/** Below the map: scale bar, scale, coordinates, CRS, and whose data these are. */

import type { App } from '../app.ts';
import type { XY } from '../core/context.ts';
import { formatDegrees } from '../core/coordinates.ts';
import { isInScale } from '../core/model.ts';
import { barLength, parseScale, roundScale, SCALES } from '../core/scale.ts';
import { number, scaleText, tr } from '../core/text.ts';
import { convert } from '../map/projections.ts';
import { announce, h } from './dom.ts';

export function statusBar(app: App): HTMLElement {
  const { stage, context } = app;
  const bar = h('span', { class: 'bar-line' });
  const barText = h('span', { class: 'bar-text' });
  const scaleBar = h('div', { class: 'scale-bar', role: 'img' }, barText, bar);

  const limits = context.view.scales;
  const offered = SCALES.filter((s) => s >= (limits?.min ?? 0) && s <= (limits?.max ?? Infinity));
  const scale = h('input', {
    type: 'text',
    class: 'scale',
    inputmode: 'numeric',
    list: 'scales',
    'aria-label': tr('Échelle', 'Scale'),
    title: tr('Échelle au centre de la carte', 'Scale at the middle of the map'),
    onchange: () => {
      const wanted = parseScale(scale.value);
      if (wanted) stage.setGroundScale(wanted);
      else showScale();
    },
    onfocus: () => scale.select(),
    onkeydown: (event: KeyboardEvent) => event.key === 'Enter' && scale.dispatchEvent(new Event('change')),
  });
  const scales = h('datalist', { id: 'scales' }, ...offered.map((s) => h('option', { value: scaleText(s) })));

  const place = h('output', { class: 'place', 'aria-hidden': 'true' });
  const crs = h(
    'select',
    {
      'aria-label': tr('Système de coordonnées', 'Coordinate reference system'),
      onchange: () => {
        if (stage.setCrs(crs.value)) announce(tr('Système de coordonnées changé', 'Coordinate system changed'));
      },
    },
    ...context.crs.filter((c) => context.view.offer.includes(c.code)).map((c) => h('option', { value: c.code }, shortName(c.name))),
  );
  crs.value = stage.crs;
  const sources = h('p', { class: 'sources' });

  function showScale(): void {
    const metres = stage.groundMetres() * stage.resolution();
    const { metres: length, pixels } = barLength(metres, 110);
    bar.style.width = `${Math.round(pixels)}px`;
    barText.textContent = length >= 1000 ? `${number(length / 1000)} km` : `${number(length)} m`;
    scaleBar.setAttribute('aria-label', tr(`Barre d'échelle : ${barText.textContent}`, `Scale bar: ${barText.textContent}`));
    if (document.activeElement !== scale) scale.value = scaleText(roundScale(stage.groundScale()));
  }

  function showPlace(at: XY): void {
    const degrees = formatDegrees(convert(at, stage.crs, 'EPSG:4326'), context.language);
    const isDegrees = context.crs.find((c) => c.code === stage.crs)?.units.startsWith('deg');
    place.textContent = isDegrees ? degrees : `${number(Math.round(at[0]))} ; ${number(Math.round(at[1]))} m · ${degrees}`;
  }

  function showSources(): void {
    const shown = app.model.layers().filter((n) => n.isVisible && isInScale(n.entry, stage.scale()));
    const base = context.basemaps.find((b) => b.id === app.basemap)?.attribution;
    const names = new Set([...shown.map((n) => n.entry.attribution ?? n.entry.organisation), base].filter((s): s is string => Boolean(s)));
    // "IGN, INSEE" and "IGN" say IGN once
    const single = new Set([...names].flatMap((n) => n.split(/\s*,\s*/)));
    sources.textContent = single.size ? `© ${[...single].join(', ')}` : '';
  }

  stage.onView(() => {
    showScale();
    showPlace(stage.centre());
    showSources();
  });
  stage.onCrs(() => (crs.value = stage.crs));
  stage.map.on('pointermove', (event) => showPlace(event.coordinate as XY));
  app.model.onChange(showSources);
  return h('footer', { class: 'status' }, scaleBar, scale, scales, place, crs, sources);
}

/** "RGF93 v1 / Lambert-93" is Lambert-93 to people. */
function shortName(name: string): string {
  return name === 'WGS 84 / Pseudo-Mercator' ? 'Web Mercator' : name.replace(/^RGF93 v1 \/ /, '');
}
