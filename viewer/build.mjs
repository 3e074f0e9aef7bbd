// Builds viewer/dist: modules and style with their content's hash in their names, and manifest.json,
// which says what a page loads; each also packed, as the server sends it. Fails where the first load weighs more than the budget.
import { build } from 'esbuild';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** Bytes of script and style, gzipped, that a page loads by itself. */
const BUDGET = 150_000;

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, 'dist');

const result = await build({
  absWorkingDir: here,
  entryPoints: { viewer: 'src/main.ts' },
  outdir: dist,
  entryNames: '[name]-[hash]',
  chunkNames: 'part-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['es2022', 'chrome105', 'firefox115', 'safari16'],
  minify: true,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
});

// only a build that went well replaces the one before
const outputs = result.metafile.outputs;
const name = (file) => path.basename(file);
const entry = Object.keys(outputs).find((file) => outputs[file].entryPoint === 'src/main.ts');
const style = outputs[entry].cssBundle;
const first = new Set([entry]);
for (const file of first) {
  for (const used of outputs[file].imports) if (used.kind === 'import-statement') first.add(used.path);
}
first.delete(entry);
const bytes = new Map(result.outputFiles.map((file) => [name(file.path), file.contents]));
const weight = (file) => gzipSync(bytes.get(name(file)), { level: 9 }).length;
const loaded = [entry, style, ...first].reduce((sum, file) => sum + weight(file), 0);
const all = Object.keys(outputs).reduce((sum, file) => sum + weight(file), 0);
console.log(`viewer: first load ${(loaded / 1000).toFixed(1)} kB gzipped of ${BUDGET / 1000}, all parts ${(all / 1000).toFixed(1)} kB`);
if (loaded > BUDGET) {
  console.error(`viewer: the first load is over its budget of ${BUDGET / 1000} kB`);
  process.exit(1);
}

const licences = await Promise.all(['ol', 'proj4'].map(async (lib) => {
  const { version, license } = JSON.parse(await readFile(path.join(here, 'node_modules', lib, 'package.json'), 'utf8'));
  return `${lib} ${version} (${license})`;
}));
const files = new Map();
for (const [file, content] of bytes) {
  const text = Buffer.from(content);
  const whole = file === name(entry) ? Buffer.concat([Buffer.from(`/*! with ${licences.join(', ')} */\n`), text]) : text;
  files.set(file, whole);
  files.set(`${file}.gz`, gzipSync(whole, { level: 9 }));
  files.set(`${file}.br`, brotliCompressSync(whole));
}
const manifest = { script: name(entry), style: name(style), modules: [...first].map(name) };
files.set('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));

// what is there already keeps its time, so that cargo has nothing to do; .gitignore keeps the folder in
// the repository, so that cargo sees when something comes into it
await mkdir(dist, { recursive: true });
for (const old of await readdir(dist)) {
  if (old !== '.gitignore' && !files.has(old)) await rm(path.join(dist, old));
}
for (const [file, content] of files) {
  const known = await readFile(path.join(dist, file)).catch(() => undefined);
  if (!known?.equals(content)) await writeFile(path.join(dist, file), content);
}
