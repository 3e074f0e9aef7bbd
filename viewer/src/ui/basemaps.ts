/** The choice of a base map, where the map has any. */

import type { App } from '../app.ts';
import { tr } from '../core/text.ts';
import { h } from './dom.ts';

export function basemapChoice(app: App): HTMLElement | undefined {
  const { basemaps } = app.context;
  if (!basemaps.some((b) => b.kind !== 'none')) return undefined;
  const all = basemaps.some((b) => b.kind === 'none')
    ? basemaps
    : [...basemaps, { id: 'none', title: tr('Aucun', 'None'), kind: 'none' as const }];
  const inputs = all.map((b) => h('input', { type: 'radio', name: 'basemap', value: b.id, onchange: () => app.setBasemap(b.id) }));
  // a link, too, says which
  const show = () => inputs.forEach((input) => (input.checked = input.value === (app.basemap || 'none')));
  app.model.onChange(show);
  show();
  return h(
    'fieldset',
    { class: 'basemaps' },
    h('legend', {}, tr('Fond de plan', 'Base map')),
    ...all.map((b, i) => h('label', {}, inputs[i]!, b.title || tr('Aucun', 'None'))),
  );
}
