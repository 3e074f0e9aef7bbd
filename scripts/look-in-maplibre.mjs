#!/usr/bin/env node
// Opens styles of a running server in MapLibre GL JS and OpenLayers, in headless Chromium, and
// draws the same view by GetMap: three pictures of each view to look at.
//
//   mkdir /tmp/look && cd /tmp/look
//   npm install maplibre-gl @maplibre/maplibre-gl-style-spec ol ol-mapbox-style playwright-core esbuild
//   node …/scripts/look-in-maplibre.mjs http://localhost:8080 /tmp/look all@4.6,45.5,7 epci:epci-nature@4.85,45.75,9
//
// Needs: node 20 or later, /usr/bin/chromium (or CHROMIUM=path), the packages above in the folder
// that is the second argument; pictures go there too. Further arguments are views,
// `style@longitude,latitude,zoom`. WIDTH, HEIGHT: of the pictures, 800 by 600 where not said.
// It ends with 1 where a style is invalid, a request fails or a client reports an error.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [base, folder, ...views] = process.argv.slice(2);
if (!base || !folder || views.length === 0) {
  console.error("usage: look-in-maplibre.mjs BASE FOLDER STYLE@LON,LAT,ZOOM…");
  process.exit(2);
}
const width = Number(process.env.WIDTH ?? 800);
const height = Number(process.env.HEIGHT ?? 600);
const require = createRequire(join(folder, "index.js"));
const { chromium } = require("playwright-core");
const spec = await import(pathToFileURL(require.resolve("@maplibre/maplibre-gl-style-spec")));

// one page for each client: MapLibre as it comes, OpenLayers made one file of
const pages = {
  maplibre: `
    import * as maplibre from "/maplibre-gl/maplibre-gl.mjs";
    window.show = (style, center, zoom) => new Promise((done) => {
      const faults = [];
      const map = new maplibre.Map({ container: "map", style, center, zoom, fadeDuration: 0,
        attributionControl: false, interactive: false, pixelRatio: 1 });
      map.on("error", (e) => faults.push(String(e.error?.message ?? e.error ?? e)));
      map.on("styleimagemissing", (e) => faults.push("no image " + e.id));
      map.once("idle", () => done(faults));
    });`,
  openlayers: `
    import { Map, View } from "ol";
    import { fromLonLat } from "ol/proj.js";
    import { apply } from "ol-mapbox-style";
    window.show = async (style, center, zoom) => {
      const map = new Map({ target: "map", controls: [], pixelRatio: 1 });
      await apply(map, style);
      // zooms are of 256 px tiles there
      map.setView(new View({ center: fromLonLat(center), zoom: zoom + 1 }));
      await new Promise((done) => map.once("rendercomplete", done));
      return [];
    };`,
};
const bundle = await require("esbuild").build({
  stdin: { contents: pages.openlayers, resolveDir: folder },
  bundle: true, format: "esm", write: false, logLevel: "error",
});
const files = { "/maplibre.js": pages.maplibre, "/openlayers.js": bundle.outputFiles[0].text };
const dist = join(folder, "node_modules/maplibre-gl/dist");
for (const name of readdirSync(dist).filter((name) => name.endsWith(".mjs")))
  files[`/maplibre-gl/${name}`] = readFileSync(join(dist, name), "utf8");
const host = createServer((request, response) => {
  const script = files[request.url.split("?")[0]];
  response.setHeader("content-type", `text/${script ? "javascript" : "html"}; charset=utf-8`);
  response.end(script ?? `<!doctype html><meta charset="utf-8">
    <style>html, body, #map { margin: 0; width: 100%; height: 100%; background: #fff }</style>
    <div id="map"></div><script type="module" src="${request.url}.js"></script>`);
});
await new Promise((ready) => host.listen(0, "127.0.0.1", ready));
const here = `http://127.0.0.1:${host.address().port}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
});
let faults = 0;
const say = (view, message) => { faults += 1; console.error(`${view}: ${message}`); };
mkdirSync(folder, { recursive: true });

for (const view of views) {
  const [id, place] = view.split("@");
  const [longitude, latitude, zoom] = place.split(",").map(Number);
  const address = `${base}/styles/${id}?f=mapbox`;
  const style = await (await fetch(address)).json();
  for (const fault of spec.validateStyleMin(style)) say(view, `invalid style: ${fault.message}`);
  const name = view.replace(/[^a-z0-9.-]+/gi, "_");
  for (const client of Object.keys(pages)) {
    const page = await browser.newPage({ viewport: { width, height } });
    page.on("pageerror", (error) => say(view, `${client}: ${error}`));
    page.on("console", (message) => {
      if (message.type() === "error")
        say(view, `${client}: ${message.text()} ${message.location().url}`);
    });
    page.on("response", (reply) => {
      if (reply.status() >= 400) say(view, `${client}: ${reply.status()} ${reply.url()}`);
      if (!reply.url().startsWith(base) && !reply.url().startsWith(here) && /^http/.test(reply.url()))
        say(view, `${client}: asked another host, ${reply.url()}`);
    });
    await page.goto(`${here}/${client}`);
    await page.waitForFunction(() => window.show);
    const told = await Promise.race([
      page.evaluate(([s, c, z]) => window.show(s, c, z), [address, [longitude, latitude], zoom]),
      new Promise((end) => setTimeout(() => end(["not drawn after 60 s"]), 60000)),
    ]);
    for (const fault of told) say(view, `${client}: ${fault}`);
    writeFileSync(join(folder, `${name}.${client}.png`), await page.screenshot());
    await page.close();
  }
  // the same view by GetMap: zooms are of 512 px tiles
  const radius = 6378137;
  const resolution = (2 * Math.PI * radius) / 512 / 2 ** zoom;
  const x = (longitude * Math.PI * radius) / 180;
  const y = radius * Math.asinh(Math.tan((latitude * Math.PI) / 180));
  const [dx, dy] = [(width / 2) * resolution, (height / 2) * resolution];
  const layers = Object.keys(style.sources);
  const styles = id.includes(":") ? [id.split(":")[1]] : layers.map(() => "");
  const map = new URLSearchParams({
    SERVICE: "WMS", VERSION: "1.3.0", REQUEST: "GetMap", CRS: "EPSG:3857", FORMAT: "image/png",
    LAYERS: layers.join(","), STYLES: styles.join(","), WIDTH: width, HEIGHT: height,
    BBOX: [x - dx, y - dy, x + dx, y + dy].join(","),
  });
  const picture = await fetch(`${base}/wms?${map}`);
  if (picture.headers.get("content-type") !== "image/png") say(view, await picture.text());
  else writeFileSync(join(folder, `${name}.getmap.png`), Buffer.from(await picture.arrayBuffer()));
  console.log(`${view}: ${join(folder, name)}.{${Object.keys(pages)},getmap}.png`);
}
await browser.close();
host.close();
process.exit(faults === 0 ? 0 : 1);
