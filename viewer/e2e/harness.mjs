// A server with a map made for these tests, and a browser: what every test here needs.
import { chromium } from 'playwright-core';
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));
const repo = path.join(here, '../..');
export const shots = path.join(here, 'shots');

const DESKTOP = { viewport: { width: 1360, height: 820 } };
export const PHONE = { viewport: { width: 390, height: 800 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** The secrets of the tests' server. */
export const environment = {
  ...process.env,
  ESSAI_KEYS: 'cle-des-partenaires-0123456789',
  ESSAI_OTHER_KEYS: 'cle-de-quelqu-un-d-autre-0123',
  ESSAI_LINK_SECRET: 'un-secret-qui-ne-sert-que-pour-les-essais',
};
export const binary = process.env.CARTOTHEQUE ?? path.resolve(repo, process.env.CARGO_TARGET_DIR ?? 'target', 'release/cartotheque');

let server;
export let folder;
let browser;
export let base = process.env.CARTOTHEQUE_URL ?? '';
/** What pages complained of: script errors, refused by policy, requests that failed. */
export const complaints = [];

export async function start() {
  if (!base) {
    folder = await mkdtemp(path.join(os.tmpdir(), 'cartotheque-e2e-'));
    await mkdir(path.join(folder, 'capabilities/maps'), { recursive: true });
    for (const name of ['data', 'styles']) await symlink(path.join(repo, name), path.join(folder, name));
    for (const layers of [path.join(repo, 'capabilities/layers'), path.join(here, 'layers')]) {
      await cp(layers, path.join(folder, 'capabilities/layers'), { recursive: true });
    }
    await cp(path.join(here, 'maps'), path.join(folder, 'capabilities/maps'), { recursive: true });
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    const yaml = await readFile(path.join(here, 'server.yaml'), 'utf8');
    await writeFile(path.join(folder, 'capabilities/server.yaml'), yaml.replaceAll('PORT', port));
    let said = '';
    server = spawn(binary, ['serve', folder, '--listen', `127.0.0.1:${port}`], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (said += text));
    for (let i = 0; ; i++) {
      if (i === 300 || server.exitCode !== null) throw new Error(`the server did not start:\n${said}`);
      if (await fetch(`${base}/health`).then((a) => a.ok, () => false)) break;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  await mkdir(shots, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
}

export async function stop() {
  await browser?.close();
  server?.kill();
  if (folder) await rm(folder, { recursive: true, force: true });
}

/** Opens an address; `prefers` are the browser's settings. */
export async function open(address, prefers = {}) {
  const context = await browser.newContext({ ...DESKTOP, locale: 'fr-FR', reducedMotion: 'reduce', ...prefers });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  // a machine that does other things too may answer that it is busy
  for (let tries = 0; tries < 20; tries++) {
    const answer = await page.goto(address.startsWith('/') ? base + address : address);
    if (answer?.status() !== 503) break;
    complaints.pop();
    await page.waitForTimeout(500);
  }
  return page;
}

/** The viewer is there and has drawn what it asked for. */
export async function ready(page) {
  await page.waitForFunction(() => window.cartotheque);
  await page.waitForTimeout(300);
  await page.waitForFunction(() => document.querySelector('.busy')?.hidden === true);
}

/** A page is done with: its context too. */
export async function close(page) {
  await page.context().close();
}

/** The view as numbers. */
export function view(page) {
  return page.evaluate(() => {
    const { app } = window.cartotheque;
    return { centre: app.stage.centre(), scale: app.stage.scale(), crs: app.stage.crs };
  });
}

/** Where a place of the view's CRS lies in the window. */
export function pixel(page, at) {
  return page.evaluate((place) => {
    const { map } = window.cartotheque.app.stage;
    const [x, y] = map.getPixelFromCoordinate(place);
    const box = map.getTargetElement().getBoundingClientRect();
    return [box.left + x, box.top + y];
  }, at);
}

export async function shot(page, name) {
  await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
