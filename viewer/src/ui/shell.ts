/** The window: title and search above, the four verbs at the side (below on a phone), a panel, the map. */

import type { App, Verb } from '../app.ts';
import { tr } from '../core/text.ts';
import { aboutView } from './about.ts';
import { basemapChoice } from './basemaps.ts';
import { h, icon, iconButton } from './dom.ts';
import type { IconName } from './icons.ts';
import { legendView } from './legend.ts';
import { treeView } from './tree.ts';

const NAMES: Record<Verb, [IconName, string, string]> = {
  see: ['layers', 'Voir', 'View'],
  print: ['print', 'Imprimer', 'Print'],
  personal: ['personal', 'Personnaliser', 'Personalise'],
  share: ['share', 'Partager', 'Share'],
};

export interface Shell {
  rail: HTMLElement;
  panel: HTMLElement;
  open(verb: Verb | undefined): void;
}

/** Which verbs a map offers, as its configuration says. */
export function verbsOf({ context, isEmbedded }: App): Verb[] {
  const has = (tool: string) => context.tools.includes(tool);
  const all: Verb[] = ['see'];
  if (has('print') && !isEmbedded) all.push('print');
  if (has('personal') && !isEmbedded) all.push('personal');
  if ((has('share') || has('embed')) && !isEmbedded) all.push('share');
  return all;
}

export function shell(app: App, told: (verb: Verb | undefined) => void): Shell {
  const bodies = new Map<Verb, HTMLElement>();
  const title = h('h2', { id: 'panel-title' });
  const body = h('div', { class: 'panel-body' });
  const panel = h(
    'aside',
    { class: 'panel', id: 'panel', 'aria-labelledby': 'panel-title', hidden: true },
    h('header', {}, title, iconButton('close', tr('Fermer le panneau', 'Close the panel'), () => open(undefined))),
    body,
  );
  let current: Verb | undefined;
  const buttons = new Map<Verb, HTMLButtonElement>();
  for (const verb of verbsOf(app)) {
    const [name, french, english] = NAMES[verb];
    buttons.set(
      verb,
      h('button', { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'panel', onclick: () => open(current === verb ? undefined : verb) }, icon(name), h('span', {}, tr(french, english))),
    );
  }
  const rail = h('nav', { class: 'rail', 'aria-label': tr('Que faire de la carte', 'What to do with the map') }, ...buttons.values());

  function open(verb: Verb | undefined): void {
    const before = current;
    current = verb;
    panel.hidden = verb === undefined;
    document.documentElement.classList.toggle('has-panel', verb !== undefined);
    for (const [name, button] of buttons) button.setAttribute('aria-expanded', String(name === verb));
    told(verb);
    if (!verb) {
      if (before && panel.contains(document.activeElement)) buttons.get(before)?.focus();
      return;
    }
    title.textContent = tr(NAMES[verb][1], NAMES[verb][2]);
    let content = bodies.get(verb);
    if (!content) {
      content = h('div', { class: `content ${verb}` });
      bodies.set(verb, content);
      void fill(app, verb, content);
    }
    body.replaceChildren(content);
  }

  panel.addEventListener('keydown', (event) => event.key === 'Escape' && open(undefined));
  return { rail, panel, open };
}

/** What is seldom used comes when it is wanted. */
async function fill(app: App, verb: Verb, content: HTMLElement): Promise<void> {
  try {
    switch (verb) {
      case 'see': return content.replaceChildren(...see(app));
      case 'print': return content.replaceChildren((await import('../lazy/print.ts')).printPanel(app));
      case 'personal': return content.replaceChildren((await import('../lazy/personal.ts')).personalPanel(app));
      case 'share': return content.replaceChildren((await import('../lazy/share.ts')).sharePanel(app));
    }
  } catch {
    content.replaceChildren(h('p', { class: 'quiet', role: 'alert' }, tr('Cette partie n’a pas pu être chargée : rechargez la page.', 'This part could not be loaded: reload the page.')));
  }
}

/** Layers, legend and information as tabs (WAI-ARIA "Tabs", chosen by focus). */
function see(app: App): HTMLElement[] {
  const pages: [string, string, () => (HTMLElement | undefined)[]][] = [
    ['layers', tr('Couches', 'Layers'), () => [treeView(app), basemapChoice(app)]],
    ['legend', tr('Légende', 'Legend'), () => [legendView(app)]],
    ['about', tr('Informations', 'About'), () => [aboutView(app)]],
  ];
  const tabs: HTMLElement[] = [];
  const bodies = pages.map(([id, label, make], index) => {
    const tab = h('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `page-${id}`, onclick: () => choose(index) }, label);
    tabs.push(tab);
    const page = h('div', { role: 'tabpanel', id: `page-${id}`, 'aria-labelledby': tab.id, tabindex: id === 'layers' ? null : 0 });
    return { page, make };
  });
  function choose(index: number): void {
    tabs.forEach((tab, i) => {
      tab.setAttribute('aria-selected', String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
    });
    bodies.forEach(({ page, make }, i) => {
      page.hidden = i !== index;
      if (i === index && !page.firstChild) page.append(...make().filter((e): e is HTMLElement => e !== undefined));
    });
  }
  const bar = h('div', { role: 'tablist', class: 'tabs', 'aria-label': tr('Contenu de la carte', 'Content of the map') }, ...tabs);
  bar.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = (tabs.indexOf(document.activeElement as HTMLElement) + by + tabs.length) % tabs.length;
    choose(next);
    tabs[next]?.focus();
    event.preventDefault();
  });
  choose(0);
  return [bar, ...bodies.map((b) => b.page)];
}
