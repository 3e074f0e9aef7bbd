// The attribute table, as with the géosites of the founder's example: click, table, zoom.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { close, open, ready, shot, view } from './harness.mjs';

async function table(page) {
  await page.locator('[role=treeitem][aria-label="Densité de population"] .gear').click();
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await page.locator('.drawer tbody tr[data-row="0"] td', { hasText: /\p{L}/u }).first().waitFor();
  return page.locator('.drawer');
}

const column = (drawer, n) => drawer.locator(`tbody tr[data-row] td:nth-child(${n})`).allTextContents();

export default function () {
  test('a table of thousands of rows holds few in the page, and scrolls to its end', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    const drawer = await table(page);
    assert.match((await drawer.textContent()).replace(/\s/g, ' '), /Liste des communes4 \d\d\d objets/);
    assert.ok((await drawer.locator('tbody tr').count()) < 40);
    await shot(page, 'table');
    await drawer.locator('.grid').evaluate((grid) => (grid.scrollTop = grid.scrollHeight));
    const rows = await drawer.locator('table').getAttribute('aria-rowcount');
    await drawer.locator(`tr[aria-rowindex="${rows}"] td`, { hasText: /\p{L}/u }).first().waitFor();
    assert.ok((await drawer.locator('tbody tr').count()) < 40);
    await close(page);
  });

  test('it sorts and filters', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    const drawer = await table(page);
    const population = drawer.getByRole('button', { name: /^Population/ });
    await population.click();
    await population.click();
    await page.waitForFunction(() => document.querySelector('.drawer tr[data-row="0"] td')?.textContent === 'Lyon');
    await drawer.getByLabel('Filtrer Département').fill('isere');
    await page.waitForFunction(() => document.querySelector('.drawer tr[data-row="0"] td')?.textContent === 'Grenoble');
    await drawer.getByLabel(/^Filtrer Population/).fill('>= 20000');
    await page.waitForFunction(() => / [3-9] objets/.test(document.querySelector('.drawer header').textContent.replace(/\s/g, ' ')) || /^Liste des communes\d objets/.test(document.querySelector('.drawer header').textContent));
    assert.ok((await column(drawer, 3)).every((text) => text === 'Isère'));
    const [download] = await Promise.all([page.waitForEvent('download'), drawer.getByText('CSV').click()]);
    const csv = await readFile(await download.path(), 'utf8');
    const lines = csv.trim().split(/\r?\n/);
    assert.equal(lines.length - 1, (await column(drawer, 1)).length);
    assert.match(lines[1], /Grenoble.*38185/);
    await close(page);
  });

  test('the link has the table with its filters, its order and what it follows', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    const drawer = await table(page);
    await drawer.getByRole('button', { name: /^Population/ }).click();
    await drawer.getByLabel('Filtrer Département').fill('isere');
    await drawer.getByLabel(/^Filtrer Population/).fill('< 100; x');
    await drawer.getByLabel(/^Filtrer Population/).fill('>= 20000');
    await page.waitForFunction(() => location.hash.includes('table=communes;population;;departement:isere;population:%3E%3D%2020000'));
    const other = await open(page.url());
    await ready(other);
    const same = other.locator('.drawer');
    await same.locator('tbody tr[data-row="0"] td', { hasText: /\p{L}/u }).first().waitFor();
    await other.waitForTimeout(500);
    assert.deepEqual(await column(same, 1), await column(drawer, 1));
    assert.equal(await same.getByLabel('Filtrer Département').inputValue(), 'isere');
    assert.equal(await same.locator('th[aria-sort=ascending]').count(), 1);
    await shot(other, 'table-link');
    await other.getByRole('button', { name: 'Fermer la table' }).click();
    await other.waitForFunction(() => !location.hash.includes('table='));
    await close(other);
    await drawer.getByLabel('Filtrer Département').fill('nulle part');
    await drawer.getByText('0 objet', { exact: true }).waitFor();
    await close(page);
  });

  test('a row leads to its place and opens its card', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    const drawer = await table(page);
    await drawer.getByLabel('Filtrer Commune').fill('chamonix');
    await drawer.getByText('Chamonix-Mont-Blanc').click();
    await page.locator('.popup').getByRole('heading', { name: 'Chamonix-Mont-Blanc' }).waitFor();
    await ready(page);
    const { centre, scale } = await view(page);
    assert.ok(scale < 400_000, String(scale));
    assert.ok(Math.hypot(centre[0] - 1_000_000, centre[1] - 6_542_000) < 25_000, String(centre));
    assert.equal(await drawer.locator('tr[aria-selected=true]').count(), 1);
    await shot(page, 'table-zoom');
    await close(page);
  });

  test('it follows the map', async () => {
    const page = await open('/maps/essai#view=842666,6519924,50000&crs=EPSG:2154&layers=communes');
    await ready(page);
    const drawer = await table(page);
    await drawer.getByLabel('Suivre la carte').check();
    await page.waitForFunction(() => Number.parseInt(document.querySelector('.drawer header .quiet').textContent) < 100 && /^\d+ objets$/.test(document.querySelector('.drawer header .quiet').textContent));
    assert.ok((await column(drawer, 1)).includes('Lyon'));
    await page.getByRole('button', { name: 'Toute la carte' }).click();
    await page.waitForFunction(() => /^4/.test(document.querySelector('.drawer header .quiet').textContent));
    await close(page);
  });
}
