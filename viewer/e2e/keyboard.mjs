// The same with the keyboard alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { close, open, pixel, ready, shot, view } from './harness.mjs';

const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent);

/** Tab until something has the focus that fits. */
async function tabTo(page, what) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if (what.test((await focused(page)) ?? '')) return;
  }
  assert.fail(`Tab does not come to ${what}`);
}

export default function () {
  test('the tree is walked, shown, moved and opened by keys', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    await tabTo(page, /^Équipements$/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(page), 'Aérodromes');
    await page.keyboard.press(' ');
    assert.equal(await page.getByRole('treeitem', { name: 'Aérodromes' }).getAttribute('aria-checked'), 'false');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await focused(page), 'Équipements');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.getByRole('treeitem', { name: 'Équipements' }).getAttribute('aria-expanded'), 'false');
    await page.keyboard.press('Alt+ArrowDown');
    assert.equal(await focused(page), 'Équipements');
    const first = await page.locator('.row').first().getAttribute('aria-label');
    assert.equal(first, 'Population');
    // settings of a layer, and back
    await page.keyboard.press('d');
    assert.equal(await focused(page), 'Densité de population');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    assert.equal(await focused(page), 'Opacité de Densité de population');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.evaluate(() => window.cartotheque.app.model.layer('communes').opacity), 0.75);
    await page.keyboard.press('Escape');
    assert.equal(await focused(page), 'Densité de population');
    await close(page);
  });

  test('the map moves, zooms and answers for its middle by keys', async () => {
    const page = await open('/maps/essai#view=842666,6519924,100000&crs=EPSG:2154&layers=communes');
    await ready(page);
    await tabTo(page, /^Carte\s: /);
    const before = await view(page);
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((x) => window.cartotheque.app.stage.centre()[0] > x, before.centre[0]);
    await page.waitForTimeout(300);
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction((x) => Math.abs(window.cartotheque.app.stage.centre()[0] - x) < 1, before.centre[0]);
    await page.waitForTimeout(300);
    await page.keyboard.press('+');
    await page.waitForFunction((scale) => window.cartotheque.app.stage.scale() < scale * 0.9, before.scale);
    await page.waitForTimeout(300);
    await page.keyboard.press('Enter');
    await page.locator('.popup').getByRole('heading', { name: 'Lyon' }).waitFor();
    await shot(page, 'keyboard');
    await page.keyboard.press('Escape');
    assert.match(await focused(page), /^Carte/);
    await close(page);
  });

  test('table rows are walked and chosen by keys', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    await tabTo(page, /^Équipements$/);
    await page.keyboard.press('d');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await tabTo(page, /^Table$/);
    await page.keyboard.press('Enter');
    await page.locator('.drawer tbody tr[data-row="0"] td', { hasText: /\p{L}/u }).first().waitFor();
    for (let i = 0; i < 40 && !(await page.evaluate(() => document.activeElement.matches('tr[data-row]'))); i++) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const name = await page.evaluate(() => document.activeElement.querySelector('td').textContent);
    await page.keyboard.press('Enter');
    await page.locator('.popup').getByRole('heading', { name }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.drawer').waitFor({ state: 'detached' });
    await close(page);
  });

  test('a drawing is made and reshaped by keys, or by clicks without dragging', async () => {
    const page = await open('/maps/essai#view=842666,6519924,100000&crs=EPSG:2154&layers=communes');
    await ready(page);
    await tabTo(page, /^Personnaliser$/);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Ligne', exact: true }).focus();
    await page.keyboard.press('Enter');
    const map = page.locator('.map');
    const line = () => page.evaluate(() => {
      const { app, convert } = window.cartotheque;
      const line = app.model.layers().find((n) => n.entry.data)?.entry.data.features[0].geometry.coordinates;
      return line?.map((at) => convert(at, 'EPSG:4326', 'EPSG:2154').map(Math.round));
    });
    const move = async (key) => {
      await page.keyboard.press(key);
      await page.waitForTimeout(600);
    };
    await map.focus();
    await page.keyboard.press('Enter');
    await move('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(100);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => window.cartotheque.app.model.layers().some((n) => n.entry.data));
    const [first, second] = await line();
    await page.getByRole('button', { name: 'Modifier', exact: true }).focus();
    await page.keyboard.press('Enter');
    await map.focus();
    await page.keyboard.press('Enter');
    await move('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(600);
    const [same, moved] = await line();
    assert.deepEqual(same, first);
    assert.ok(Math.abs(moved[0] - second[0]) < 2 && moved[1] - second[1] > 1000, `${second} ${moved}`);
    // by two clicks
    await page.mouse.click(...(await pixel(page, first)));
    await page.waitForTimeout(600);
    await page.mouse.click(...(await pixel(page, [first[0], first[1] + 2000])));
    await page.waitForTimeout(600);
    const [clicked] = await line();
    assert.ok(Math.abs(clicked[1] - first[1] - 2000) < 100, `${first} ${clicked}`);
    await shot(page, 'keyboard-reshape');
    await close(page);
  });

  test('a distance is measured by keys', async () => {
    const page = await open('/maps/essai#view=842666,6519924,100000&crs=EPSG:2154&layers=communes');
    await ready(page);
    await tabTo(page, /^Mesurer une distance$/);
    await page.keyboard.press('Enter');
    await page.locator('.tool-box').waitFor();
    await page.locator('.map').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(600);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => /\d+,\d+ km/.test(document.querySelector('.tool-box strong').textContent));
    await page.keyboard.press('Escape');
    await page.locator('.tool-box').waitFor({ state: 'detached' });
    await close(page);
  });
}
