// axe-core's rules of WCAG 2.1 A and AA, and its best practices, in every state that has a look of its own.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { close, complaints, open, PHONE, ready, shot } from './harness.mjs';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function violations(page) {
  // by the debugger: the page's policy lets no foreign script in
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} (${n.any.concat(n.all, n.none).map((c) => c.message).join('; ')})`).join(' | ')}`);
  });
}

const verb = (name) => async (page) => {
  await page.evaluate((id) => window.cartotheque.app.open(id), name);
  await page.locator(`.content.${name} .form`).first().waitFor();
  for (const part of await page.locator('.panel summary').all()) {
    if (!(await part.evaluate((e) => e.parentElement.open))) await part.click();
  }
  await page.waitForTimeout(300);
};

/** One after the other on one page; each leaves it as the next may find it. */
const STATES = {
  layers: async (page) => page.locator('[role=treeitem][aria-label="Densité de population"] .gear').click(),
  legend: async (page) => {
    await page.getByRole('tab', { name: 'Légende' }).click();
    await page.locator('.legend li').first().waitFor();
  },
  about: async (page) => page.getByRole('tab', { name: 'Informations' }).click(),
  search: async (page) => {
    await page.getByRole('combobox', { name: 'Rechercher' }).fill('lyon');
    await page.locator('.search .note').first().waitFor();
  },
  print: async (page) => {
    await page.getByRole('combobox', { name: 'Rechercher' }).press('Escape');
    await verb('print')(page);
  },
  personal: verb('personal'),
  share: verb('share'),
  popup: async (page) => {
    await page.evaluate(() => window.cartotheque.app.open(undefined));
    await page.locator('.map').focus();
    await page.keyboard.press('Enter');
    await page.locator('.popup h2').waitFor();
  },
  measure: async (page) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Mesurer une surface' }).click();
    await page.locator('.tool-box').waitFor();
  },
  table: async (page) => {
    await page.keyboard.press('Escape');
    await page.evaluate(() => {
      const { app } = window.cartotheque;
      app.openTable(app.model.layer('communes'));
    });
    await page.locator('.drawer tr[data-row="3"] td', { hasText: /\p{L}/u }).first().waitFor();
  },
};

const LOOKS = {
  light: {},
  dark: { colorScheme: 'dark' },
  phone: PHONE,
};

export default function () {
  for (const [look, prefers] of Object.entries(LOOKS)) {
    test(`axe finds nothing: ${look}`, async () => {
      const found = [];
      const page = await open('/maps/essai#view=842666,6519924,300000&crs=EPSG:2154&layers=communes', prefers);
      await ready(page);
      if (await page.evaluate(() => document.querySelector('.panel').hidden)) await page.evaluate(() => window.cartotheque.app.open('see'));
      for (const [state, reach] of Object.entries(STATES)) {
        await reach(page);
        found.push(...(await violations(page)).map((v) => `${state}: ${v}`));
      }
      await close(page);
      assert.deepEqual(found, []);
    });
  }

  test('axe finds nothing: the list of maps and a page that refuses', async () => {
    const found = [];
    for (const [look, prefers] of Object.entries(LOOKS)) {
      // a map was looked at: it stands among the most viewed
      await close(await open('/maps/essai', prefers));
      for (const address of ['/maps', '/maps?q=population', '/maps/nulle-part']) {
        const page = await open(address, prefers);
        found.push(...(await violations(page)).map((v) => `${look}: ${address}: ${v}`));
        await shot(page, `list${address.slice(5).replace(/\W+/g, '-')}-${look}`);
        if (address === '/maps') assert.equal(await page.locator('.most-viewed li').count() > 0, true);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0, `${look}: ${address} is wider than its window`);
        await close(page);
      }
    }
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !/status of 404/.test(text)));
    assert.deepEqual(found, []);
  });

  test('axe finds nothing: the pages of the site, which are as wide as a narrow phone', async () => {
    const found = [];
    for (const prefers of [{}, { colorScheme: 'dark' }]) {
      for (const address of ['/', '/layers/communes', '/collections?f=html', '/collections/communes?f=html', '/collections/communes/items?f=html']) {
        const page = await open(address, { ...prefers, viewport: { width: 360, height: 740 } });
        found.push(...(await violations(page)).map((v) => `${address}: ${v}`));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 360, `${address} is ${wide} px wide`);
        await close(page);
      }
    }
    assert.deepEqual(found, []);
  });

  test('axe finds nothing: as text and embedded', async () => {
    const found = [];
    for (const [address, prefers] of [['/maps/essai', { colorScheme: 'dark' }], ['/maps/essai', {}], ['/maps/essai/embed', {}]]) {
      const page = await open(address, prefers);
      await ready(page);
      if (!address.endsWith('embed')) await page.evaluate(() => document.getElementById('as-text').click());
      found.push(...(await violations(page)).map((v) => `${address}: ${v}`));
      await close(page);
    }
    assert.deepEqual(found, []);
  });
}
