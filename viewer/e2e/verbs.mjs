// "Imprimer", "Personnaliser", "Partager".
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { base, close, complaints, open, PHONE, pixel, ready, shot, shots } from './harness.mjs';

const LYON = [842666, 6519924];
const VIEW = `view=${LYON},100000&crs=EPSG:2154&layers=communes*0.5,aerodromes&base=none`;
const verb = (page, name) => page.getByRole('navigation', { name: 'Que faire de la carte' }).getByRole('button', { name }).click();

/** Makes the PDF, keeps a picture of it, and gives its words. */
async function sheet(page, name) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Produire le PDF' }).click()]);
  const file = path.join(shots, `${name}.pdf`);
  await download.saveAs(file);
  assert.equal((await readFile(file)).subarray(0, 5).toString(), '%PDF-');
  execFileSync('pdftoppm', ['-png', '-r', '60', '-singlefile', file, file.replace(/\.pdf$/, '')]);
  return execFileSync('pdftotext', [file, '-'], { encoding: 'utf8' });
}

export default function () {
  test('Imprimer: the dialog asks the server for what the frame shows', async () => {
    const page = await open(`/maps/essai#${VIEW}`);
    await ready(page);
    await verb(page, 'Imprimer');
    await page.locator('.paper').waitFor();
    await page.getByLabel('Échelle', { exact: true }).first().fill('1:50 000');
    await page.getByLabel('A4 portrait').check();
    const link = page.getByRole('link', { name: 'Produire le PDF' });
    const asked = new URL(await link.getAttribute('href')).searchParams;
    assert.equal(asked.get('layout'), 'a4-portrait');
    assert.equal(asked.get('scale'), '50000');
    assert.equal(asked.get('layers'), 'communes,aerodromes');
    assert.equal(asked.get('opacities'), '0.5,1');
    assert.equal(asked.get('crs'), 'EPSG:2154');
    assert.deepEqual(asked.get('center').split(',').map((v) => Math.round(Number(v) / 10)), LYON.map((v) => Math.round(v / 10)));
    await shot(page, 'print');
    await verb(page, 'Imprimer');
    await page.locator('.paper').waitFor({ state: 'detached' });
    await close(page);
  });

  test('Imprimer: on a phone the frame is in the part of the map that is seen, and so is the sheet', async () => {
    const page = await open(`/maps/essai#${VIEW}`, PHONE);
    await ready(page);
    await verb(page, 'Imprimer');
    await page.locator('.paper').waitFor();
    await page.waitForTimeout(300);
    await shot(page, 'phone-print');
    const [frame, panel, map] = await Promise.all(['.paper', '.panel', '.map'].map((what) => page.locator(what).boundingBox()));
    assert.ok(frame.y >= map.y && frame.y + frame.height <= panel.y, JSON.stringify([frame, panel]));
    const asked = new URL(await page.getByRole('link', { name: 'Produire le PDF' }).getAttribute('href')).searchParams;
    const [x, y] = await pixel(page, asked.get('center').split(',').map(Number));
    assert.ok(Math.hypot(x - frame.x - frame.width / 2, y - frame.y - frame.height / 2) < 3, `${x} ${y} ${JSON.stringify(frame)}`);
    await close(page);
  });

  test('Voir: a base map of a WMS is drawn by its server in the CRS of the view, with its attribution', async () => {
    const page = await open('/maps/fond');
    const asked = [];
    page.on('requestfinished', (request) => request.url().startsWith('http://localhost') && asked.push(new URL(request.url()).searchParams));
    const before = complaints.length;
    await page.reload();
    await ready(page);
    await page.waitForTimeout(1500);
    assert.ok(asked.length > 0);
    for (const one of asked) {
      assert.equal(one.get('REQUEST'), 'GetMap');
      assert.equal(one.get('LAYERS'), 'pays,region');
      assert.equal(one.get('CRS'), 'EPSG:2154');
      assert.equal(one.get('MAP'), 'x');
      assert.deepEqual([...one.keys()].filter((name) => name.toUpperCase() === 'VERSION'), ['VERSION']);
    }
    await page.getByText('Un autre service').first().waitFor();
    // it has been drawn below the layers: where there is no aerodrome, a country
    const isDrawn = await page.evaluate(() => {
      const { map } = window.cartotheque.app.stage;
      const base = map.getLayers().getArray().find((layer) => layer.getSource?.()?.getParams?.().LAYERS === 'pays,region');
      return base?.getZIndex() === -1 && base.getSource().getState() === 'ready' && base.isVisible();
    });
    assert.ok(isDrawn);
    assert.ok(await page.getByLabel('Fond d’ailleurs').isChecked());
    await shot(page, 'basemap-wms');
    asked.length = 0;
    await page.getByLabel('Système de coordonnées').selectOption('EPSG:3857');
    await ready(page);
    await page.waitForTimeout(1500);
    assert.ok(asked.some((one) => one.get('CRS') === 'EPSG:3857'), String(asked));
    await verb(page, 'Imprimer');
    await page.locator('.paper').waitFor();
    const link = page.getByRole('link', { name: 'Produire le PDF' });
    assert.equal(new URL(await link.getAttribute('href')).searchParams.get('base'), 'relief');
    const words = await sheet(page, 'print-basemap');
    assert.match(words, /Un autre service/);
    assert.doesNotMatch(words, /Sans le fond/);
    assert.deepEqual(complaints.slice(before), []);
    await close(page);
  });

  test('Voir, Imprimer: a base map of this server’s layers is one picture on the screen, and a link to the sheet has it', async () => {
    const page = await open('about:blank');
    const asked = [];
    page.on('requestfinished', (request) => /GetMap/.test(request.url()) && asked.push(new URL(request.url())));
    await page.goto(`${base}/maps/fond#base=ici`);
    await ready(page);
    await page.waitForTimeout(1500);
    const below = asked.filter((url) => url.pathname === '/wms');
    assert.deepEqual(below.map((url) => url.searchParams.get('LAYERS')), ['pays,departements,cours-eau']);
    assert.ok(await page.getByLabel('Fond d’ici').isChecked());
    await page.getByText('Natural Earth').first().waitFor();
    await verb(page, 'Imprimer');
    await page.locator('.paper').waitFor();
    const answer = await page.request.get(await page.getByRole('link', { name: 'Produire le PDF' }).getAttribute('href'));
    const file = path.join(shots, 'print-own-basemap.pdf');
    await writeFile(file, await answer.body());
    execFileSync('pdftoppm', ['-png', '-r', '60', '-singlefile', file, file.replace(/\.pdf$/, '')]);
    assert.doesNotMatch(execFileSync('pdftotext', [file, '-'], { encoding: 'utf8' }), /Sans le fond/);
    await shot(page, 'basemap-own');
    await close(page);
  });

  test('Imprimer: drawings, files and layers added are on the paper and in its legend; what lets no page read it is said', async () => {
    const page = await open(`/maps/essai#view=${LYON},50000&crs=EPSG:2154&layers=departements&base=none`);
    await ready(page);
    await verb(page, 'Personnaliser');
    await page.getByLabel('Texte', { exact: true }).fill('Ici l’essai');
    await page.getByRole('button', { name: 'Point', exact: true }).click();
    await page.mouse.click(...(await pixel(page, LYON)));
    await page.locator('.results').getByText('Ici l’essai').waitFor();
    await page.keyboard.press('Escape');
    // a server that shows its pictures to everybody, and lets no page of others read them
    const closed = createServer((request, answer) => {
      answer.writeHead(200, { 'content-type': 'image/png' });
      answer.end(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=', 'base64'));
    });
    closed.unref();
    await new Promise((done) => closed.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${closed.address().port}/wms`;
    await page.evaluate(async (packed) => {
      const stream = new Blob([packed]).stream().pipeThrough(new CompressionStream('deflate-raw'));
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
      location.hash = `${location.hash.replace(/&own=.*/, '')}&own=${btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
    }, JSON.stringify([
      { title: 'Aérodromes du catalogue', visible: true, opacity: 1, of: 'aerodromes', wms: { url: `${base}/wms`, name: 'aerodromes', version: '1.3.0' } },
      { title: 'Service ouvert', visible: true, opacity: 1, wms: { url: `${base}/wms`, name: 'cours-eau', version: '1.3.0' } },
      { title: 'Service fermé', visible: true, opacity: 1, wms: { url, name: 'a', version: '1.3.0' } },
      { title: 'Dessin rouge', visible: true, opacity: 1, colour: '#c8102e', features: [{ type: 'Feature', geometry: { type: 'Polygon', coordinates: [[[4.8, 45.7], [4.9, 45.7], [4.9, 45.8], [4.8, 45.8], [4.8, 45.7]]] }, properties: { texte: 'Ici l’essai' } }] },
    ]));
    await page.waitForFunction(() => window.cartotheque.app.model.layers().some((n) => n.title === 'Service fermé'));
    await ready(page);
    const before = complaints.length;
    await verb(page, 'Imprimer');
    await page.locator('.paper').waitFor();
    const words = await sheet(page, 'print-drawings');
    // top first, above the layers of the map; a legend of elsewhere is a picture
    assert.match(words, /Ajouts personnels\s+Dessin rouge\s+Service ouvert\s+Aérodromes du catalogue\s+.*Départements/s);
    assert.match(words, /Sources.*airportsdata/s);
    const figures = execFileSync('pdfimages', ['-list', path.join(shots, 'print-drawings.pdf')], { encoding: 'utf8' }).split('\n').length;
    assert.ok(figures >= 2 + 5, `${figures} pictures`);
    assert.doesNotMatch(words.split('Ajouts personnels')[1], /Service fermé/);
    await page.getByText('N’est pas dans le PDF : Service fermé.').waitFor();
    await shot(page, 'print-missing');
    const said = complaints.splice(before).filter((text) => !/CORS|ERR_FAILED|EncodingError/.test(text));
    assert.deepEqual(said, []);
    closed.close();
    await close(page);
  });

  test('Partager: the link opens the same map elsewhere', async () => {
    const page = await open(`/maps/essai#${VIEW}`);
    await ready(page);
    await verb(page, 'Partager');
    const link = await page.getByLabel('Lien vers cette vue').inputValue();
    assert.equal(link, `${base}/maps/essai#${VIEW}`);
    await page.getByText('Code QR', { exact: true }).click();
    await page.locator('.qr').waitFor();
    await page.getByText('Ouvrir dans QGIS').click();
    assert.equal(await page.getByRole('link', { name: 'Projet (la carte entière)' }).getAttribute('href'), `${base}/maps/essai/project.qgs`);
    await page.getByText('Insérer dans une page').click();
    assert.match(await page.getByLabel('Code à insérer').inputValue(), /^<iframe src="http:.*\/maps\/essai\/embed#view=.*"/);
    await shot(page, 'share');
    const other = await open(link);
    await ready(other);
    assert.deepEqual(await other.evaluate(() => window.cartotheque.app.state()), await page.evaluate(() => window.cartotheque.app.state()));
    await close(other);
    await close(page);
  });

  test('Personnaliser: a layer of the catalogue has its popup and its table', async () => {
    const page = await open(`/maps/essai#view=${LYON},100000&crs=EPSG:2154&layers=`);
    await ready(page);
    await verb(page, 'Personnaliser');
    await page.getByText('Ajouter une couche du catalogue').click();
    await page.getByLabel('Chercher dans le catalogue').fill('intercommunalités');
    await page.getByRole('button', { name: 'Ajouter Intercommunalités' }).click();
    await ready(page);
    await shot(page, 'personal');
    await page.mouse.click(...(await pixel(page, LYON)));
    await page.locator('.popup').getByText('Métropole de Lyon').first().waitFor();
    await close(page);
  });

  test('Personnaliser: drawings with text go into the link and a file, and come back', async () => {
    const page = await open(`/maps/essai#${VIEW}`);
    await ready(page);
    await verb(page, 'Personnaliser');
    await page.getByLabel('Texte', { exact: true }).fill('Ici l’essai');
    await page.getByRole('button', { name: 'Point', exact: true }).click();
    await page.mouse.click(...(await pixel(page, LYON)));
    await page.locator('.results').getByText('Ici l’essai').waitFor();
    await page.getByRole('button', { name: 'Surface', exact: true }).click();
    for (const [dx, dy] of [[3000, 0], [6000, 0], [6000, 3000]]) {
      await page.waitForTimeout(600);
      await page.mouse.click(...(await pixel(page, [LYON[0] + dx, LYON[1] + dy])));
    }
    await page.waitForTimeout(600);
    await page.mouse.dblclick(...(await pixel(page, [LYON[0] + 3000, LYON[1] + 3000])));
    await page.waitForFunction(() => window.cartotheque.app.model.layers().flatMap((n) => n.entry.data?.features ?? []).length === 2);
    await page.keyboard.press('Escape');
    await shot(page, 'draw');
    await page.waitForFunction(() => location.hash.includes('own='));
    await page.waitForTimeout(600);
    const link = page.url();
    assert.ok(link.length < 1200, link);
    const features = (p) => p.evaluate(() => window.cartotheque.app.model.layers().filter((n) => n.entry.data).flatMap((n) => n.entry.data.features.map((f) => [f.geometry.type, f.properties.texte ?? ''])));
    const drawn = await features(page);
    assert.deepEqual(drawn, [['Point', 'Ici l’essai'], ['Polygon', '']]);
    const other = await open(link);
    await ready(other);
    await other.waitForFunction(() => window.cartotheque.app.model.layers().some((n) => n.entry.data));
    assert.deepEqual(await features(other), drawn);
    await close(other);

    await page.getByText('Garder cette carte').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Enregistrer' }).click()]);
    const file = path.join(os.tmpdir(), `${process.pid}.carte.json`);
    await writeFile(file, await readFile(await download.path()));
    const third = await open('/maps/essai');
    await ready(third);
    await verb(third, 'Personnaliser');
    await third.getByText('Garder cette carte').click();
    await third.locator('input[type=file][accept=".json"]').setInputFiles(file);
    await third.waitForFunction(() => window.cartotheque.app.model.layers().some((n) => n.entry.data));
    assert.deepEqual(await features(third), drawn);
    await close(third);
    await close(page);
  });

  test('Personnaliser: files of four kinds', async () => {
    const files = {
      'p.geojson': '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"nom":"A"},"geometry":{"type":"Point","coordinates":[4.83,45.76]}}]}',
      'p.kml': '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>B</name><LineString><coordinates>4.8,45.7,0 4.9,45.8,0</coordinates></LineString></Placemark></Document></kml>',
      'p.gpx': '<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><name>C</name><trkseg><trkpt lon="4.8" lat="45.7"/><trkpt lon="4.9" lat="45.8"/></trkseg></trk></gpx>',
      'p.csv': 'nom;lon;lat\nD;4,83;45,76\n',
    };
    const page = await open('/maps/essai');
    await ready(page);
    await verb(page, 'Personnaliser');
    await page.getByText('Ouvrir un fichier').click();
    const input = page.locator('input[type=file][multiple]');
    await input.setInputFiles(Object.entries(files).map(([name, text]) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })));
    await page.waitForFunction(() => window.cartotheque.app.model.layers().filter((n) => n.entry.data).length === 4);
    const names = await page.evaluate(() => window.cartotheque.app.model.layers().flatMap((n) => n.entry.data?.features.map((f) => f.properties.nom) ?? []));
    assert.deepEqual(names.sort(), ['A', 'B', 'C', 'D']);
    await input.setInputFiles([{ name: 'x.pdf', mimeType: 'text/plain', buffer: Buffer.from('%PDF') }]);
    await page.getByRole('alert').getByText('x.pdf').waitFor();
    await close(page);
  });

  test('Personnaliser: a WMS of elsewhere', async () => {
    const page = await open(`/maps/essai#view=${LYON},100000&crs=EPSG:2154&layers=`);
    await ready(page);
    await verb(page, 'Personnaliser');
    await page.getByText('Ajouter un service WMS').click();
    await page.getByLabel('Adresse du WMS').fill(`${base.replace('127.0.0.1', 'localhost')}/wms?REQUEST=GetCapabilities`);
    await page.getByRole('button', { name: 'Lire ses couches' }).click();
    await page.getByRole('button', { name: 'Ajouter Départements' }).click();
    await ready(page);
    assert.equal(await page.locator('.trouble').isVisible(), false);
    await page.waitForFunction(() => location.hash.includes('own='));
    await close(page);
  });
}
