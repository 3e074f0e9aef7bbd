/**
 * Base maps: tiles of WMTS (KVP) or XYZ in Web Mercator, turned into the view's CRS by OpenLayers, and pictures of a
 * WMS, elsewhere or this server's own, which draws in that CRS itself.
 */

import ImageLayer from 'ol/layer/Image.js';
import TileLayer from 'ol/layer/Tile.js';
import type ImageSource from 'ol/source/Image.js';
import TileWMS from 'ol/source/TileWMS.js';
import XYZ from 'ol/source/XYZ.js';
import type { BasemapEntry } from '../core/context.ts';
import { pictures } from '../map/layers.ts';
import { withParameters } from '../map/wms.ts';

/** The layer, or `undefined` for no base map. On paper it must be one whose pictures pages may read. */
export function basemapLayer(entry: BasemapEntry, isForPaper = false): TileLayer | ImageLayer<ImageSource> | undefined {
  const { kind, url } = entry;
  if (kind === 'none' || !url) return undefined;
  // in one piece: names are cut at the edges of tiles
  if (entry.own) return new ImageLayer({ source: pictures({ url, name: entry.layer ?? '', version: '1.3.0' }, '', true), zIndex: -1 });
  if (kind === 'wms') return new TileLayer({ source: wms(entry, url, isForPaper), zIndex: -1 });
  const template = kind === 'xyz' ? url : wmts(entry, url);
  return new TileLayer({
    source: new XYZ({ url: template, crossOrigin: 'anonymous', maxZoom: 19 }),
    zIndex: -1,
  });
}

/** A WMS in the view's CRS: an older version is one that the address says. */
function wms({ layer, style, format }: BasemapEntry, url: string, isForPaper: boolean): TileWMS {
  const address = new URL(url, location.href);
  let version = '1.3.0';
  for (const name of [...address.searchParams.keys()]) {
    if (name.toUpperCase() === 'VERSION') {
      version = address.searchParams.get(name) ?? version;
      address.searchParams.delete(name);
    }
  }
  // the server need not let other sites read its pictures to have them shown
  return new TileWMS({
    url: address.href,
    ...(isForPaper ? { crossOrigin: 'anonymous' } : {}),
    params: {
      LAYERS: layer ?? '', STYLES: style ?? '', VERSION: version, FORMAT: format ?? 'image/png',
      TRANSPARENT: /jpe?g/i.test(format ?? '') ? 'FALSE' : 'TRUE',
    },
  });
}

/** A WMTS of the well-known Web Mercator matrix set: its rows and columns are those of XYZ. */
function wmts({ layer, matrixSet, style, format }: BasemapEntry, url: string): string {
  if (/\{TileMatrix\}|\{z\}/i.test(url)) {
    const names: [RegExp, string][] = [
      [/\{TileMatrixSet\}/gi, matrixSet ?? 'PM'],
      [/\{Style\}/gi, style ?? 'normal'],
      [/\{Layer\}/gi, layer ?? ''],
      [/\{TileMatrix\}/gi, '{z}'],
      [/\{TileRow\}/gi, '{y}'],
      [/\{TileCol\}/gi, '{x}'],
    ];
    return names.reduce((text, [from, to]) => text.replace(from, to), url);
  }
  const fixed = withParameters(url, {
    SERVICE: 'WMTS', VERSION: '1.0.0', REQUEST: 'GetTile', LAYER: layer ?? '', STYLE: style ?? 'normal',
    FORMAT: format ?? 'image/png', TILEMATRIXSET: matrixSet ?? 'PM',
  });
  return `${fixed}&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}`;
}
