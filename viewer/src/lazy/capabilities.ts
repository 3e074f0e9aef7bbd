/** The layers that a WMS of elsewhere offers. */

import { tr } from '../core/text.ts';
import { withParameters } from '../map/wms.ts';

export interface Offer {
  url: string;
  version: string;
  layers: { name: string; title: string; abstract: string }[];
}

export async function capabilities(address: string): Promise<Offer> {
  let url: URL;
  try {
    url = new URL(/^https?:\/\//i.test(address) ? address : `https://${address}`);
  } catch {
    throw new Error(tr('Cette adresse n’en est pas une.', 'This is not an address.'));
  }
  // what asks for something goes, what belongs to the address (map=…) stays
  for (const key of [...url.searchParams.keys()]) {
    if (/^(service|request|version|layers?|styles?|crs|srs|bbox|width|height|format)$/i.test(key)) url.searchParams.delete(key);
  }
  const base = url.toString().replace(/\?$/, '');
  let text: string;
  try {
    const answer = await fetch(withParameters(base, { SERVICE: 'WMS', REQUEST: 'GetCapabilities' }));
    if (!answer.ok) throw new Error(String(answer.status));
    text = await answer.text();
  } catch {
    throw new Error(tr('Le service ne répond pas, ou n’autorise pas les pages d’autres sites (CORS).', 'The service does not answer, or not to pages of other sites (CORS).'));
  }
  const xml = new DOMParser().parseFromString(text, 'application/xml');
  const root = xml.documentElement;
  if (!/^WM[ST]_(MT_)?Capabilities$/.test(root.localName)) throw new Error(tr('Ce n’est pas un WMS.', 'This is no WMS.'));
  const child = (e: Element, name: string) => [...e.children].find((c) => c.localName === name)?.textContent?.trim() ?? '';
  const layers = [...root.getElementsByTagNameNS('*', 'Layer')].flatMap((e) => {
    const name = child(e, 'Name');
    return name ? [{ name, title: child(e, 'Title') || name, abstract: child(e, 'Abstract') }] : [];
  });
  return { url: base, version: root.getAttribute('version') === '1.1.1' ? '1.1.1' : '1.3.0', layers };
}
