/** Lengths and areas on the ground: geodesics on the ellipsoid, whatever the view's CRS. */

import type { App } from '../app.ts';
import type { XY } from '../core/context.ts';
import { area, length } from '../core/geodesy.ts';
import { areaText, lengthText, tr } from '../core/text.ts';
import { convert } from '../map/projections.ts';
import { announce, h, icon, iconButton } from '../ui/dom.ts';
import { sketch, type Sketch } from './sketch.ts';

let running: { kind: string; stop: () => void } | undefined;

/** Begins to measure; the same button again ends it. */
export function measure(app: App, parent: HTMLElement, kind: 'line' | 'area', button: HTMLElement): void {
  const before = running;
  before?.stop();
  if (before?.kind === kind) return;

  const { stage } = app;
  const figure = h('strong', {}, '—');
  const note = h('span', { class: 'quiet' });
  let tool: Sketch | undefined;
  const small = (label: string, run: () => void) => h('button', { type: 'button', class: 'small', onclick: run }, label);
  const box = h(
    'div',
    { class: 'tool-box', role: 'group', 'aria-label': kind === 'line' ? tr('Mesure de distance', 'Distance') : tr('Mesure de surface', 'Area') },
    icon(kind === 'line' ? 'ruler' : 'area'),
    figure,
    note,
    small(tr('Annuler un point', 'Undo a point'), () => tool?.undo()),
    small(tr('Effacer', 'Clear'), () => tool?.clear()),
    iconButton('close', tr('Terminer la mesure', 'Stop measuring'), () => running?.stop()),
  );

  tool = sketch(app, kind, (points, isDone) => {
    const places = points.map((p) => convert(p, stage.crs, 'EPSG:4326'));
    const ring = kind === 'area' && places.length > 2;
    const path = ring && isDone ? [...places, places[0] as XY] : places;
    const main = ring ? areaText(area(places)) : lengthText(length(path));
    figure.textContent = places.length > 1 ? main : '—';
    note.textContent = ring
      ? tr(`périmètre ${lengthText(length([...places, places[0]!]))}`, `perimeter ${lengthText(length([...places, places[0]!]))}`)
      : places.length < 2
        ? tr('Cliquez sur la carte, double-cliquez pour finir.', 'Click on the map, double click to end.')
        : '';
    if (isDone) announce(`${main} ${note.textContent}`);
  });
  note.textContent = tr('Cliquez sur la carte, double-cliquez pour finir.', 'Click on the map, double click to end.');

  function escape(event: KeyboardEvent): void {
    if (event.key === 'Escape') running?.stop();
    else if (event.key === 'Backspace' && event.target === stage.map.getTargetElement()) tool?.undo();
  }
  running = {
    kind,
    stop() {
      running = undefined;
      tool?.stop();
      box.remove();
      removeEventListener('keydown', escape);
      button.setAttribute('aria-pressed', 'false');
    },
  };
  const mine = running;
  stage.onCrs(() => running === mine && mine.stop());
  addEventListener('keydown', escape);
  button.setAttribute('aria-pressed', 'true');
  parent.append(box);
  announce(tr('Mesure : Entrée ajoute le centre de la carte, deux fois pour finir, Échap pour quitter.', 'Measuring: Enter adds the middle of the map, twice to end, Escape to leave.'));
}
