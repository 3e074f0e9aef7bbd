// "Voir": tree, legend, scales, click, search, measures, link.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base, close, complaints, open, pixel, ready, shot, view } from './harness.mjs';

const LYON = [842666, 6519924];
const row = (page, name) => page.locator(`[role=treeitem][aria-label^="${name}"]`);

export default function () {
  test('a map shows its layers, and greys what is out of scale', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    await shot(page, 'desktop');
    const items = await page.locator('.row').evaluateAll((all) => all.map((e) => [e.getAttribute('aria-label'), e.getAttribute('aria-checked'), e.className.includes('grey')]));
    assert.deepEqual(items.slice(0, 3).map(([name, ...rest]) => [name.replace(/\s/g, ' '), ...rest]), [
      ['Équipements', 'mixed', false],
      ['Mairies, visible à partir de 1:500 000', 'false', true],
      ['Aérodromes', 'true', false],
    ]);
    assert.equal(await page.locator('.trouble').isVisible(), false);
    // it is really drawn: pictures of each visible layer, and not one colour all over
    const drawn = await page.evaluate(() => {
      const canvas = document.querySelector('.map canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(Array.from({ length: 500 }, (_, i) => data[i * 4 * 997 % data.length] ?? 0)).size;
    });
    assert.ok(drawn > 5, `${drawn} shades`);
    await close(page);
  });

  test('a layer hidden is asked for no more; a group goes whole', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    await row(page, 'Densité').locator('.check').click();
    assert.equal(await page.getByRole('treeitem', { name: 'Population', exact: true }).getAttribute('aria-checked'), 'false');
    assert.ok(!new URL(page.url()).hash.includes('communes') || (await page.waitForFunction(() => !location.hash.includes('communes'))));
    await row(page, 'Fond administratif').locator('.check').click();
    assert.equal(await page.getByRole('treeitem', { name: 'Fond administratif', exact: true }).getAttribute('aria-checked'), 'true');
    await page.waitForFunction(() => location.hash.includes('region'));
    await close(page);
  });

  test('layers without an opacity are one picture, whose names make room for each other; a faulty one is told alone', async () => {
    const page = await open('about:blank');
    const asked = new Set();
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.searchParams.get('REQUEST') === 'GetMap') asked.add(`${url.searchParams.get('LAYERS')} ${url.searchParams.get('STYLES')}`);
    });
    await page.goto(`${base}/maps/essai`);
    await ready(page);
    const together = ['mer,pays,lacs ,,', 'cours-eau ', 'departements,villes ,', 'communes ', 'aerodromes '];
    assert.deepEqual([...asked].sort(), together.sort());
    asked.clear();
    await page.evaluate(() => window.cartotheque.app.model.setOpacity(window.cartotheque.app.model.layer('pays'), 0.5));
    await ready(page);
    assert.deepEqual([...asked].sort(), ['lacs ', 'mer ', 'pays ']);
    await page.evaluate(() => window.cartotheque.app.model.setOpacity(window.cartotheque.app.model.layer('pays'), 1));
    await page.route(/GetMap.*LAYERS=[^&]*lacs/, (route) => route.fulfill({ status: 500 }));
    const before = complaints.length;
    await page.getByRole('button', { name: 'Zoomer', exact: true }).click();
    await page.locator('.trouble', { hasText: 'Couche indisponible : Lacs' }).waitFor();
    assert.doesNotMatch(await page.locator('.trouble').textContent(), /Pays/);
    complaints.splice(before);
    await close(page);
  });

  test('the legend is of what is seen', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    await page.getByRole('tab', { name: 'Légende' }).click();
    const legend = page.locator('.legend');
    await legend.getByText('hab./km²').first().waitFor();
    const titles = await legend.locator('h3').allTextContents();
    assert.deepEqual(titles.slice(0, 2), ['Aérodromes', 'Densité de population']);
    await shot(page, 'legend');
    await page.getByRole('tab', { name: 'Informations' }).click();
    await page.getByText('Cartothèque, essai').first().waitFor();
    await shot(page, 'about');
    await close(page);
  });

  test('a click opens the card of the map’s template', async () => {
    const page = await open(`/maps/essai#view=${LYON},50000&crs=EPSG:2154&layers=communes`);
    await ready(page);
    await page.mouse.click(...(await pixel(page, LYON)));
    const card = page.locator('.popup');
    await card.getByRole('heading', { name: 'Lyon' }).waitFor();
    assert.match((await card.textContent()).replace(/\s/g, ' '), /Code INSEE69123.*DépartementRhône.*Habitants519 127 hab\./);
    await shot(page, 'popup');
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'hidden' });
    await close(page);
  });

  test('a click into an area finds it though its outline alone is drawn, behind what is drawn there', async () => {
    const page = await open(`/maps/essai#view=${LYON},50000&crs=EPSG:2154&layers=departements`);
    await ready(page);
    await page.mouse.click(...(await pixel(page, LYON)));
    const card = page.locator('.popup');
    await card.getByRole('heading', { name: 'Rhône' }).waitFor();
    await page.keyboard.press('Escape');
    await page.evaluate(() => window.cartotheque.app.model.toggle(window.cartotheque.app.model.layer("communes")));
    await ready(page);
    await page.mouse.click(...(await pixel(page, LYON)));
    await card.getByRole('heading', { name: 'Lyon' }).waitFor();
    await card.getByText('1 sur 2').waitFor();
    await close(page);
  });

  test('the box of the search stays closed over what it found', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    await page.getByRole('combobox', { name: 'Rechercher' }).fill('aurillac');
    await page.getByRole('option', { name: /Aurillac/ }).first().click();
    await page.locator('.popup').getByRole('heading', { name: 'Aurillac' }).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForTimeout(2500);
    assert.equal(await page.locator('#search-hits').isVisible(), false);
    await close(page);
  });

  test('several hits are paged', async () => {
    const page = await open(`/maps/essai#view=${LYON},50000&crs=EPSG:2154&layers=pays,communes`);
    await ready(page);
    await page.mouse.click(...(await pixel(page, LYON)));
    const card = page.locator('.popup');
    await card.getByText('1 sur 2').waitFor();
    await card.getByRole('button', { name: 'Objet suivant' }).click();
    await card.getByText('2 sur 2').waitFor();
    assert.match(await card.textContent(), /France/);
    await close(page);
  });

  test('search finds municipalities without accents or case, and goes there', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    const box = page.getByRole('combobox', { name: 'Rechercher dans la carte' });
    await box.fill('saint-etienne-de-cros');
    await page.getByRole('option', { name: /Saint-Étienne-de-Crossey/ }).waitFor();
    await shot(page, 'search');
    await box.press('ArrowDown');
    await box.press('Enter');
    await page.locator('.popup').getByRole('heading', { name: 'Saint-Étienne-de-Crossey' }).waitFor();
    await page.waitForFunction(() => window.cartotheque.app.stage.scale() < 100_000);
    const { centre } = await view(page);
    assert.ok(Math.hypot(centre[0] - 907_000, centre[1] - 6_479_000) < 8000, String(centre));
    await close(page);
  });

  test('of an address the municipality is found; what nothing is found for says what may be', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    const box = page.getByRole('combobox', { name: 'Rechercher dans la carte' });
    await box.fill('12 rue de la République, 38000 Grenoble');
    await page.getByRole('option', { name: /^Grenoble/ }).waitFor();
    await box.fill('xyzxyz');
    await page.getByRole('option', { name: 'essayez un nom de commune' }).waitFor();
    await close(page);
  });

  test('what two layers name in the same words is found once, and each option says what it is', async () => {
    const page = await open('/maps/fond', { viewport: { width: 360, height: 740 } });
    await ready(page);
    await page.getByRole('combobox', { name: 'Rechercher dans la carte' }).fill('aurillac');
    await page.getByRole('option', { name: 'Aurillac Ville', exact: true }).waitFor();
    assert.equal(await page.getByRole('option', { name: 'Aurillac 15014 · Commune', exact: true }).count(), 1);
    await shot(page, 'search-phone');
    const { left, right } = await page.locator('#search-hits').evaluate((list) => list.getBoundingClientRect());
    assert.ok(left >= 0 && right <= 360, `${left} ${right}`);
    await close(page);
  });

  test('search takes coordinates', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    const box = page.getByRole('combobox', { name: 'Rechercher dans la carte' });
    for (const [text, kind] of [['45°45′36″N 4°50′6″E', 'longitude et latitude'], ['842500 6519000', 'Lambert-93']]) {
      await box.fill(text);
      await page.getByRole('option', { name: kind }).first().waitFor();
      await box.press('Enter');
      await page.waitForTimeout(200);
      const { centre } = await view(page);
      assert.ok(Math.hypot(centre[0] - 842_500, centre[1] - 6_519_000) < 500, `${text}: ${centre}`);
    }
    await close(page);
  });

  test('lengths and areas are those on the ground', async () => {
    const page = await open(`/maps/essai#view=${LYON},50000&crs=EPSG:3857&layers=communes`);
    await ready(page);
    // the view is in Web Mercator, where planes lie by 44 %: 5 km must be 5 km
    const lambert = (at) => page.evaluate(([x, y]) => window.cartotheque.convert([x, y], 'EPSG:2154', window.cartotheque.app.stage.crs), at);
    await page.evaluate((at) => window.cartotheque.app.stage.moveToScale(at, 80000, false), await lambert(LYON));
    await ready(page);
    await page.getByRole('button', { name: 'Mesurer une distance' }).click();
    await page.locator('.tool-box').waitFor();
    const click = async (at) => page.mouse.click(...(await pixel(page, await lambert(at))), { delay: 20 });
    await click([LYON[0] - 2500, LYON[1]]);
    await page.waitForTimeout(2500);
    await click([LYON[0] + 2500, LYON[1]]);
    await page.waitForFunction(() => /^(4,99|5,00|5,01) km$/.test(document.querySelector('.tool-box strong').textContent.replace(/\s/g, ' ')));
    // a click is one only when no second has followed it
    await page.waitForTimeout(2500);
    await page.getByRole('button', { name: 'Mesurer une surface' }).click();
    for (const [dx, dy] of [[-1000, -1000], [1000, -1000], [1000, 1000], [-1000, 1000]]) {
      await page.waitForTimeout(2500);
      await click([LYON[0] + dx, LYON[1] + dy]);
    }
    await page.waitForFunction(() => /^(3,9\d|4,0\d) km²$/.test(document.querySelector('.tool-box strong').textContent.replace(/\s/g, ' ')));
    await shot(page, 'measure');
    await page.keyboard.press('Escape');
    await page.locator('.tool-box').waitFor({ state: 'detached' });
    await close(page);
  });

  test('the CRS changes about the same place at the same scale on the ground', async () => {
    const page = await open(`/maps/essai#view=${LYON},100000&crs=EPSG:2154&layers=communes`);
    await ready(page);
    const scale = () => page.getByLabel('Échelle', { exact: true }).inputValue();
    const before = await scale();
    await page.getByLabel('Système de coordonnées').selectOption('EPSG:3857');
    await ready(page);
    assert.equal(await scale(), before);
    const { centre, crs } = await view(page);
    assert.equal(crs, 'EPSG:3857');
    assert.ok(Math.hypot(centre[0] - 538_000, centre[1] - 5_742_000) < 5000, String(centre));
    assert.equal(await page.locator('.trouble').isVisible(), false);
    await page.getByLabel('Système de coordonnées').selectOption('EPSG:4258');
    await ready(page);
    assert.equal(await page.locator('.trouble').isVisible(), false);
    await close(page);
  });

  test('a card gives the link that opens its object, on the map as it is', async () => {
    const page = await open(`/maps/essai?lang=en#view=${LYON},50000&crs=EPSG:2154&layers=departements,communes`);
    await ready(page);
    await page.mouse.click(...(await pixel(page, LYON)));
    await page.locator('.popup').getByRole('heading', { name: 'Lyon' }).waitFor();
    await page.getByRole('button', { name: 'Copy the link to this feature' }).click();
    await page.locator('.notice').getByText('Link copied').waitFor({ state: 'attached' });
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(new URL(link).searchParams.get('object'), 'communes;insee;69123');
    const other = await open(link);
    await ready(other);
    await other.locator('.popup').getByRole('heading', { name: 'Lyon' }).waitFor();
    assert.equal(await other.evaluate(() => document.documentElement.lang), 'en');
    assert.deepEqual(await other.evaluate(() => window.cartotheque.app.model.state().map((l) => l.id)), ['departements', 'communes']);
    await shot(other, 'object-link');
    await close(other);
    await close(page);
  });

  test('PRODIGE’s deep link opens its object', async () => {
    const page = await open('/maps/essai?object=communes;insee;38185');
    await ready(page);
    await page.locator('.popup').getByRole('heading', { name: 'Grenoble' }).waitFor();
    await close(page);
  });
}
