// A restricted map: nothing of it for who has no right, all of it by a login or a signed link.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { base, binary, close, complaints, environment, folder, open, pixel, ready, shot } from './harness.mjs';

/** Opens what answers `status` on purpose: the browser's word about it is no complaint. */
async function refused(address, prefers) {
  const before = complaints.length;
  const page = await open('about:blank', prefers);
  // a browser without windows has nobody who closes its dialog: it is not asked to log in
  await page.route('**', async (route) => {
    const answer = await route.fetch();
    const { 'www-authenticate': _, ...headers } = answer.headers();
    await route.fulfill({ response: answer, headers });
  });
  await page.goto(base + address);
  const said = complaints.splice(before).filter((text) => !/status of 40[134]/.test(text));
  assert.deepEqual(said, []);
  return page;
}

/** Everything that a page of the map asks for, and what came of it. */
function watched(page) {
  const answers = [];
  page.on('response', (answer) => answers.push([answer.status(), answer.url()]));
  return answers;
}

/** The four verbs of the map, as visitors use them; every request is answered. */
async function used(page, answers) {
  await ready(page);
  assert.equal(await page.getByRole('treeitem', { name: 'Enquête Mirabelle' }).count(), 1);
  await page.getByRole('tab', { name: 'Légende' }).click();
  await page.locator('.legend li').first().waitFor();

  await page.getByRole('combobox', { name: 'Rechercher' }).fill('aurillac');
  await page.getByRole('option', { name: /Aurillac/ }).first().click();
  await page.waitForFunction(() => window.cartotheque.app.stage.scale() < 400_000);
  await ready(page);
  await page.keyboard.press('Escape');
  const [x, y] = await pixel(page, [655_300, 6_425_000]);
  await page.mouse.click(x, y);
  await page.locator('.popup h2', { hasText: 'Aurillac' }).waitFor();
  await page.keyboard.press('Escape');

  await page.evaluate(() => window.cartotheque.app.openTable(window.cartotheque.app.model.layer('enquete')));
  await page.locator('.drawer tr[data-row="3"] td', { hasText: /\p{L}/u }).first().waitFor();
  await page.keyboard.press('Escape');

  const failed = answers.filter(([status]) => status >= 400);
  assert.deepEqual(failed, []);
  const { colours } = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    const { app } = window.cartotheque;
    const image = await createImageBitmap(await (await fetch(`${app.context.base}/map.png`)).blob());
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return { colours: new Set(new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)).size };
  });
  assert.ok(colours > 5, `the picture of the map has ${colours} colours`);
}

/** The address of a signed link, as the administrator gets it. */
function link(...options) {
  const args = ['link', folder, 'mirabelle', ...options];
  const said = execFileSync(binary, args, { env: environment, encoding: 'utf8' });
  return /\/s\/\S+/.exec(said)[0];
}

export default function () {
  test('who has no right sees a page that says so, and nothing of the map', async () => {
    for (const [prefers, status, words] of [
      [{ locale: 'fr-FR' }, 401, /accès restreint/i],
      [{ locale: 'en-GB' }, 401, /restricted/i],
      [{ extraHTTPHeaders: { 'x-api-key': environment.ESSAI_OTHER_KEYS } }, 403, /accès/i],
    ]) {
      for (const address of ['/maps/mirabelle', '/maps/mirabelle/embed']) {
        const page = await refused(address, prefers);
        const answer = await fetch(`${base}${address}`, { headers: { accept: 'text/html', ...(status === 403 ? { 'x-api-key': environment.ESSAI_OTHER_KEYS } : {}) } });
        assert.equal(answer.status, status);
        const html = await page.content();
        assert.doesNotMatch(html.replaceAll('/maps/mirabelle', ''), /mirabelle|enqu[eê]te/i);
        assert.match(await page.locator('main').innerText(), words);
        assert.equal(await page.locator('h1').count(), 1);
        await shot(page, `refused-${status}-${prefers.locale ?? 'other'}`);
        await close(page);
      }
    }
    const page = await open('/maps');
    assert.doesNotMatch(await page.content(), /mirabelle/i);
    await close(page);
  });

  test('a login opens the map with all that the page asks for', async () => {
    const page = await open('about:blank', { httpCredentials: { username: 'qui', password: environment.ESSAI_KEYS } });
    const answers = watched(page);
    // the browser asks without, is told 401, and asks again
    await page.goto(`${base}/maps/mirabelle`);
    answers.length = 0;
    await used(page, answers);
    await shot(page, 'restricted-login');
    await close(page);
  });

  test('a signed link opens the map with all that the page asks for, and nothing else', async () => {
    const address = link('--days', '2');
    const page = await open('about:blank');
    const answers = watched(page);
    await page.goto(base + address);
    await used(page, answers);
    for (const [, url] of answers) if (!/\/assets\//.test(url) && url.startsWith(base)) assert.match(url, /\/s\//, url);
    await shot(page, 'restricted-link');
    // what is shared from here is signed too
    assert.match(await page.evaluate(() => window.cartotheque.app.address()), /\/s\/.*\/maps\/mirabelle/);
    await close(page);

    const token = /^\/s\/[^/]+/.exec(address)[0];
    for (const path of ['/maps/mirabelle', '/layers/enquete', '/collections/enquete/items', '/wms?SERVICE=WMS&REQUEST=GetCapabilities']) {
      const answer = await fetch(base + path);
      assert.doesNotMatch(await answer.text(), /Enquête/, path);
    }
    const forged = await fetch(`${base}${token.slice(0, -2)}xx/maps/mirabelle`);
    assert.equal(forged.status, 403);
  });

  test('a signed link shows the map in a frame', async () => {
    const page = await open(link('--days', '2').replace('/maps/mirabelle', '/maps/mirabelle/embed'));
    await ready(page);
    await page.getByRole('link', { name: 'Ouvrir la carte' }).waitFor();
    await close(page);
  });
}
