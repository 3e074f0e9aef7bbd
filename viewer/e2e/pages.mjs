// The pages around the map: embedded elsewhere, without script, on a phone, in English, in the dark, on paper.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { base, close, open, PHONE, ready, shot } from './harness.mjs';

export default function () {
  test('a page of another site shows the map in a frame, and may not frame the page itself', async () => {
    const foreign = createServer((request, answer) => {
      answer.setHeader('content-type', 'text/html; charset=utf-8');
      const path = request.url === '/page' ? '/maps/essai' : '/maps/essai/embed';
      answer.end(`<!doctype html><title>Ailleurs</title><p>Notre commune</p><iframe src="${base}${path}#view=842666,6519924,200000&crs=EPSG:2154&layers=communes" width="800" height="500"></iframe>`);
    });
    await new Promise((done) => foreign.listen(0, '127.0.0.1', done));
    const other = `http://localhost:${foreign.address().port}`;
    const page = await open(other);
    const frame = page.frameLocator('iframe');
    await frame.locator('.status').waitFor();
    await frame.getByRole('link', { name: 'Ouvrir la carte' }).waitFor();
    await frame.locator('.busy').waitFor({ state: 'hidden' });
    assert.deepEqual(await frame.locator('.rail button').allTextContents(), ['Voir']);
    await page.waitForTimeout(800);
    await shot(page, 'embed');
    await close(page);

    const headers = (await fetch(`${base}/maps/essai`, { headers: { accept: 'text/html' } })).headers;
    assert.match(headers.get('content-security-policy'), /frame-ancestors 'self'/);
    assert.match((await fetch(`${base}/maps/essai/embed`)).headers.get('content-security-policy'), /frame-ancestors \*/);
    const named = (await fetch(`${base}/maps/essai-cadre/embed`)).headers.get('content-security-policy');
    assert.match(named, /frame-ancestors 'self' https:\/\/www\.example\.org https:\/\/\*\.example\.net$/);
    // without `personal` among its tools a map has no business with other hosts
    assert.match(named, /img-src 'self' data: blob: ;/);
    foreign.close();
  });

  test('nothing comes from another host', async () => {
    const page = await open('about:blank');
    const hosts = new Set();
    page.on('request', (request) => hosts.add(new URL(request.url()).origin));
    await page.goto(`${base}/maps/essai`);
    await ready(page);
    for (const name of ['Imprimer', 'Personnaliser', 'Partager']) {
      await page.getByRole('navigation', { name: 'Que faire de la carte' }).getByRole('button', { name }).click();
      await page.waitForTimeout(300);
    }
    assert.deepEqual([...hosts], [base]);
    await close(page);
  });

  test('files of the viewer may be kept for good', async () => {
    const html = await (await fetch(`${base}/maps/essai`, { headers: { accept: 'text/html' } })).text();
    const script = /src="([^"]*viewer-[^"]*\.js)"/.exec(html)[1].replaceAll('&#x2f;', '/');
    const answer = await fetch(script, { headers: { 'accept-encoding': 'br' } });
    assert.match(answer.headers.get('cache-control'), /immutable/);
    assert.match(answer.headers.get('content-type'), /^text\/javascript/);
    assert.equal(answer.headers.get('content-encoding'), 'br');
  });

  test('without script the map is a text with a picture and tables', async () => {
    const page = await open('/maps/essai', { javaScriptEnabled: false });
    await page.getByText("La carte interactive a besoin de JavaScript").waitFor();
    assert.equal(await page.locator('#alternative tbody tr').count(), 10);
    await page.locator('#alternative img').first().waitFor();
    await shot(page, 'text');
    await page.getByRole('link', { name: 'Densité de population' }).click();
    await page.waitForLoadState();
    assert.match(await page.textContent('body'), /sur 4\s?021 objets/);
    await close(page);
  });

  test('who prefers text has it beside the map', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#alternative').isVisible(), true);
    assert.equal(await page.locator('#viewer').isVisible(), false);
    await close(page);
  });

  test('what the map as text needs is not asked for where the map is shown', async () => {
    const page = await open('about:blank', PHONE);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${base}/maps/essai`);
    await ready(page);
    await page.waitForTimeout(5000);
    assert.deepEqual(asked.filter((url) => /map\.png|GetLegendGraphic/.test(url)), []);
    await page.evaluate(() => document.getElementById('as-text').click());
    await page.waitForFunction(() => document.querySelector('#alternative img').naturalWidth > 0);
    await close(page);
  });

  test('on a phone the panel is a sheet', async () => {
    const page = await open('/maps/essai', PHONE);
    await ready(page);
    await shot(page, 'phone');
    assert.equal(await page.locator('.panel').isVisible(), false);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${wide} px wide`);
    await page.getByRole('button', { name: 'Voir' }).tap();
    const sheet = await page.locator('.panel').boundingBox();
    assert.ok(sheet.width === 390 && sheet.y > 200, JSON.stringify(sheet));
    await shot(page, 'phone-sheet');
    await page.getByRole('button', { name: 'Fermer le panneau' }).tap();
    const map = await page.locator('.map').boundingBox();
    await page.touchscreen.tap(map.x + map.width / 2, map.y + map.height / 2);
    await page.locator('.popup h2').waitFor();
    await shot(page, 'phone-popup');
    await close(page);
  });

  test('enlarged twice and four times nothing is cut off: WCAG 2.1, 1.4.10', async () => {
    for (const viewport of [{ width: 640, height: 410 }, { width: 320, height: 256 }, { width: 320, height: 640 }, { width: 800, height: 360 }]) {
      const page = await open('/maps/essai', { viewport });
      await ready(page);
      const name = `${viewport.width}x${viewport.height}`;
      await shot(page, `zoom-${name}`);
      const faults = await page.evaluate(() => {
        const page = document.documentElement;
        const stage = document.querySelector('.stage').getBoundingClientRect();
        const cut = [...document.querySelectorAll('.tools button, .status select, .status .scale, .scale-bar')].filter((e) => {
          const box = e.getBoundingClientRect();
          return box.width > 0 && (box.left < stage.left - 1 || box.right > stage.right + 1 || box.top < stage.top - 1 || box.bottom > stage.bottom + 1);
        });
        const title = document.querySelector('h1');
        return [
          ...(page.scrollWidth > innerWidth ? [`${page.scrollWidth} px wide`] : []),
          ...(title.scrollHeight > title.clientHeight + 1 ? ['the title is cut'] : []),
          ...cut.map((e) => e.getAttribute('aria-label')),
        ];
      });
      assert.deepEqual(faults, [], name);
      for (const verb of ['Voir', 'Imprimer', 'Personnaliser', 'Partager']) {
        const button = page.getByRole('navigation', { name: 'Que faire de la carte' }).getByRole('button', { name: verb });
        await button.click();
        // the part comes when it is wanted
        await page.locator('.panel-body .content > *').first().waitFor();
        const panel = await page.locator('.panel-body').boundingBox();
        assert.ok(panel.height > 90, `${name}: ${verb} has ${panel.height} px`);
      }
      await shot(page, `zoom-panel-${name}`);
      await close(page);
    }
  });

  test('in English, in the dark', async () => {
    const page = await open('/maps/essai?lang=en', { colorScheme: 'dark', locale: 'en-GB' });
    await ready(page);
    await page.getByRole('tab', { name: 'Legend' }).waitFor();
    await page.getByRole('treeitem', { name: 'Population density' }).waitFor();
    assert.match(page.url(), /lang=en/);
    await shot(page, 'dark');
    await close(page);
  });

  test('on paper by the browser: the map and its legend', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    await page.getByRole('tab', { name: 'Légende' }).click();
    await page.locator('.legend').first().waitFor();
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.rail').isVisible(), false);
    assert.equal(await page.locator('.map').isVisible(), true);
    assert.equal(await page.locator('.legend').isVisible(), true);
    await close(page);
  });
}
