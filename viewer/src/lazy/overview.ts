/** The whole map, small, with the frame of what is seen; a click goes there. */

import { transformExtent } from 'ol/proj.js';
import type { App } from '../app.ts';
import type { Box } from '../core/context.ts';
import { tr } from '../core/text.ts';
import { withParameters } from '../map/wms.ts';
import { convert } from '../map/projections.ts';
import { h } from '../ui/dom.ts';

const WIDTH = 168;

export function overview(app: App): HTMLElement {
  const { stage, context } = app;
  const [minX, minY, maxX, maxY] = context.view.extent;
  const height = Math.round((WIDTH * (maxY - minY)) / (maxX - minX));
  const frame = h('div', { class: 'frame' });
  const picture = h('img', { alt: '', width: WIDTH, height });
  const element = h('div', { class: 'overview', role: 'img', 'aria-label': tr('Vue d’ensemble de la carte', 'Overview of the map'), hidden: true }, picture, frame);

  function update(): void {
    if (element.hidden) return;
    if (!picture.src) {
      picture.src = withParameters(`${context.base}/map.png`, { width: WIDTH * 2, height: height * 2 });
    }
    const seen = stage.extent();
    const box = (stage.crs === context.view.crs ? seen : transformExtent(seen, stage.crs, context.view.crs)) as Box;
    const x = (v: number) => Math.min(WIDTH, Math.max(0, ((v - minX) / (maxX - minX)) * WIDTH));
    const y = (v: number) => Math.min(height, Math.max(0, ((maxY - v) / (maxY - minY)) * height));
    frame.style.left = `${x(box[0])}px`;
    frame.style.top = `${y(box[3])}px`;
    frame.style.width = `${Math.max(4, x(box[2]) - x(box[0]))}px`;
    frame.style.height = `${Math.max(4, y(box[1]) - y(box[3]))}px`;
  }

  element.addEventListener('click', (event) => {
    const { left, top } = element.getBoundingClientRect();
    const at: [number, number] = [minX + ((event.clientX - left) / WIDTH) * (maxX - minX), maxY - ((event.clientY - top) / height) * (maxY - minY)];
    stage.move(convert(at, context.view.crs, stage.crs));
  });
  new MutationObserver(update).observe(element, { attributes: true, attributeFilter: ['hidden'] });
  stage.onView(update);
  return element;
}
