// "Personnaliser", as it is met: drawings that a link must show, files of any make.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { close, complaints, open, pixel, ready, shot } from './harness.mjs';

const LYON = [842666, 6519924];
const VIEW = `view=${LYON},100000&crs=EPSG:2154&layers=communes`;
const verb = (page, name) => page.getByRole('navigation', { name: 'Que faire de la carte' }).getByRole('button', { name }).click();
const own = (page) => page.evaluate(() => window.cartotheque.app.model.layers().filter((n) => n.parent?.key === 'own').map((n) => [n.title, n.isVisible, n.opacity]));
const features = (page) => page.evaluate(() => window.cartotheque.app.model.layers().flatMap((n) => n.entry.data?.features ?? []));

async function files(page) {
  await verb(page, 'Personnaliser');
  await page.getByText('Ouvrir un fichier').click();
  const input = page.locator('input[type=file][multiple]');
  return (name, content) => input.setInputFiles([{ name, mimeType: 'text/plain', buffer: Buffer.from(content, 'latin1') }]);
}

export default function () {
  test('Personnaliser: who opens the panel and adds nothing goes on with the map', async () => {
    const page = await open(`/maps/essai#${VIEW}`);
    await ready(page);
    await verb(page, 'Personnaliser');
    await page.getByText('Dessiner et annoter').waitFor();
    page.setDefaultTimeout(5000);
    await verb(page, 'Voir');
    await page.locator('[role=treeitem][aria-label^="Densité"] .check').click();
    await page.waitForFunction(() => !location.hash.includes('communes'));
    await close(page);
  });

  test('Partager: what was drawn and added is seen by who opens the link, as it was left', async () => {
    const page = await open(`/maps/essai#${VIEW}`);
    await ready(page);
    await verb(page, 'Personnaliser');
    await page.getByRole('button', { name: 'Point', exact: true }).click();
    const drawn = (count) => page.waitForFunction((n) => window.cartotheque.app.model.layers().filter((l) => l.entry.data).length === n, count);
    await page.mouse.click(...(await pixel(page, LYON)));
    await drawn(1);
    await page.getByLabel('Couleur').selectOption('vert');
    await page.mouse.click(...(await pixel(page, [LYON[0] + 2000, LYON[1]])));
    await drawn(2);
    await page.keyboard.press('Escape');
    await page.evaluate(() => {
      const { model } = window.cartotheque.app;
      const [first, second] = model.layers();
      model.toggle(first);
      model.setOpacity(second, 0.4);
    });
    const left = [['Dessin vert', false, 1], ['Dessin rouge', true, 0.4]];
    assert.deepEqual(await own(page), left);
    await page.waitForTimeout(1000);
    const other = await open(page.url());
    await ready(other);
    await other.waitForFunction(() => window.cartotheque.app.model.layers().some((n) => n.entry.data));
    await other.waitForTimeout(300);
    assert.deepEqual(await own(other), left);
    const drawnLayers = await other.evaluate(() => window.cartotheque.app.stage.map.getLayers().getArray().filter((l) => l.get('node') && l.getVisible()).map((l) => [l.get('node').title, l.getOpacity()]));
    assert.deepEqual(drawnLayers, [['Dessin rouge', 0.4]]);
    await close(other);
    await close(page);
  });

  test('Personnaliser: a drawing is renamed, its corner is moved, and its last point taken back', async () => {
    const page = await open(`/maps/essai#${VIEW}`);
    await ready(page);
    await verb(page, 'Personnaliser');
    await page.getByRole('button', { name: 'Ligne', exact: true }).click();
    const click = async (dx, dy) => {
      await page.mouse.click(...(await pixel(page, [LYON[0] + dx, LYON[1] + dy])));
      await page.waitForTimeout(600);
    };
    await click(0, 0);
    await click(3000, 0);
    await click(3000, 3000);
    await page.getByRole('button', { name: 'Annuler un point' }).click();
    await page.getByRole('button', { name: 'Terminer' }).click();
    const line = async () => (await features(page))[0].geometry.coordinates;
    assert.equal((await line()).length, 2);
    await page.getByRole('button', { name: 'Modifier le texte de Ligne' }).click();
    await page.getByLabel('Texte du dessin').fill('La piste');
    await page.keyboard.press('Enter');
    await page.locator('.results').getByText('La piste').waitFor();
    assert.equal((await features(page))[0].properties.texte, 'La piste');
    const before = await line();
    await page.getByRole('button', { name: 'Modifier', exact: true }).click();
    const [x, y] = await pixel(page, [LYON[0] + 3000, LYON[1]]);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y - 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForTimeout(300);
    const after = await line();
    assert.deepEqual(after[0].map((v) => v.toFixed(5)), before[0].map((v) => v.toFixed(5)));
    assert.ok(after[1][1] > before[1][1] + 0.005, JSON.stringify([before, after]));
    await shot(page, 'draw-edit');
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('button', { name: 'Modifier', exact: true }).getAttribute('aria-pressed'), 'false');
    await close(page);
  });

  test('Personnaliser: files in Lambert-93, with old encodings, half broken', async () => {
    const page = await open('/maps/essai');
    await ready(page);
    const put = await files(page);
    const near = ({ geometry }) => Math.hypot(geometry.coordinates[0] - 4.8320, geometry.coordinates[1] - 45.7672) < 0.02;
    await put('l93.csv', 'nom;X;Y\nSaint-\xc9tienne;842666,5;6519924,2\nSans;;\n');
    await page.locator('.notice').getByText('laissés de côté : 1').waitFor({ state: 'attached' });
    let [first] = await features(page);
    assert.equal(first.properties.nom, 'Saint-Étienne');
    assert.ok(near(first), JSON.stringify(first));
    await put('l93.geojson', JSON.stringify({ type: 'FeatureCollection', crs: { type: 'name', properties: { name: 'urn:ogc:def:crs:EPSG::2154' } }, features: [
      { type: 'Feature', properties: {}, geometry: { type: 'MultiPoint', coordinates: [LYON] } }] }));
    await page.locator('.notice').getByText('l93 : 1 objet').waitFor({ state: 'attached' });
    [first] = await features(page);
    assert.ok(near({ geometry: { coordinates: first.geometry.coordinates[0] } }), JSON.stringify(first));
    const good = { type: 'Feature', properties: null, geometry: { type: 'Point', coordinates: [4.8, 45.7, 200] } };
    await put('half.geojson', JSON.stringify({ type: 'FeatureCollection', features: [
      good, null, { type: 'Feature', geometry: { type: 'Polygon', coordinates: [4, 5] } }, { type: 'Feature', geometry: { type: 'Nope', coordinates: [1] } }] }));
    await page.locator('.notice').getByText('half : 1 objet ; sans coordonnées lisibles et laissés de côté : 3').waitFor({ state: 'attached' });
    for (const [name, content, said] of [
      ['nothing.geojson', 'null', 'Aucun objet'],
      ['cut.geojson', '{"type":"FeatureColl', 'ni GeoJSON'],
      ['zone.geojson', JSON.stringify({ type: 'Point', coordinates: [1e9, 5] }), 'ni des degrés'],
      ['names.csv', 'nom;ville\na;b\n', 'lon et lat'],
    ]) {
      await put(name, content);
      await page.locator('.error').getByText(name).waitFor();
      assert.match(await page.locator('.error', { hasText: name }).textContent(), new RegExp(said));
    }
    await close(page);
  });

  test('Voir: an object of a link that is gone, a click without network, a server that comes back', async () => {
    const page = await open('/maps/essai?object=communes;insee;00000');
    await ready(page);
    await page.locator('.notice').getByText('Objet introuvable : 00000').waitFor({ state: 'attached' });
    const before = complaints.length;
    await page.context().setOffline(true);
    await page.mouse.click(...(await pixel(page, LYON)));
    await page.locator('.notice').getByText('Le serveur ne répond pas').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Zoomer', exact: true }).click();
    await page.locator('.trouble').getByText('Couche indisponible').waitFor();
    await page.context().setOffline(false);
    await page.locator('.trouble').waitFor({ state: 'hidden', timeout: 15_000 });
    // the browser says itself that it had no network
    complaints.splice(before);
    await close(page);
  });
}
