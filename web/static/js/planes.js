// @ts-check
// A diagram that may have several planes: what is inside a collapsed sub-process is drawn on one of its own, which the
// viewer opens when asked. Each plane fills the frame; what is marked inside is told on the collapsed shape too. A file
// without any drawing is laid out, one with several diagrams lets the reader choose.

const PLANE = '_plane';
const LARGEST = 1.25; // times its own size
const ENDS = [['sourceRef', 'outgoing'], ['targetRef', 'incoming']];
const CHINESE = { 'Open {element}': '打开 {element}' };

/** The few words that the viewer itself says. */
export const spoken = {
  translate: [
    'value',
    (/** @type {string} */ template, /** @type {Record<string, string>} */ values = {}) => {
      const text = document.documentElement.lang === 'en' ? template : (CHINESE[template] ?? template);
      return text.replace(/{([^}]+)}/g, (whole, name) => values[name] ?? whole);
    },
  ],
};

/**
 * Open a file in a viewer or on the drawing board. `opened` is called for each diagram that is opened, first or by choice.
 * Throws what the reader of the bundle throws for a file that is no BPMN.
 */
export async function open(/** @type {any} */ viewer, /** @type {string} */ xml, /** @type {HTMLElement} */ frame, opened = () => {}) {
  await viewer.importXML(xml).catch(() => null);
  if (!isDrawn(viewer)) await viewer.importXML(await laidOut(xml));
  const choices = diagramsOf(viewer);
  const first = choices.find((one) => one.plane.bpmnElement === rootOf(viewer));
  if (choices.length && !first) await viewer.open(choices[0]); // the file begins with the plane of a sub-process
  opened();
  if (choices.length < 2) return;
  offer(choices, frame, async (diagram) => {
    await viewer.open(diagram);
    opened();
  });
}

/**
 * Fetch what a frame shows, and keep each plane as large as the frame lets it be. `opened` gets the viewer. What cannot
 * be shown is said in the frame; the answer is then null.
 */
export async function show(/** @type {any} */ Viewer, /** @type {HTMLElement} */ frame, /** @type {(viewer: any) => void} */ opened) {
  const answer = await fetch(frame.dataset.url ?? '');
  if (!answer.ok) return null;
  const viewer = new Viewer({ container: frame, additionalModules: [spoken] });
  viewer.on('root.set', 100, (/** @type {any} */ { element }) => {
    frame.dataset.plane = planeOf(element);
    fit(viewer);
  });
  try {
    await open(viewer, await answer.text(), frame, () => {
      opened(viewer);
      fit(viewer);
    });
  } catch {
    viewer.destroy();
    frame.textContent = frame.dataset.broken ?? '';
    return null;
  }
  return viewer;
}

/**
 * The open plane as large as it goes, a small one not much larger than drawn, and nothing of it under the way back (above
 * a plane inside another), the mark of the library at the lower right, or a palette of the width `left`.
 */
export function fit(/** @type {any} */ viewer, left = 16) {
  const canvas = viewer.get('canvas');
  const { inner, outer } = canvas.viewbox();
  if (!inner.width || !outer.width || !outer.height) return;
  const top = canvas.getRootElement().id.endsWith(PLANE) ? 60 : 16;
  const room = { width: outer.width - left - 16, height: outer.height - top - 36 };
  const scale = Math.min(LARGEST, room.width / inner.width, room.height / inner.height);
  const x = inner.x - (left + Math.max(0, room.width - inner.width * scale) / 2) / scale;
  const y = inner.y - (top + Math.min(32, Math.max(0, room.height - inner.height * scale) / 2)) / scale;
  canvas.viewbox({ x, y, width: outer.width / scale, height: outer.height / scale });
}

/** The id of what a root element draws: of a process, a collaboration, or a collapsed sub-process. */
export const planeOf = (/** @type {any} */ root) => root.id.replace(new RegExp(`${PLANE}$`), '');

/** The collapsed shapes around an element, the nearest first; none for what stands on the main plane. */
export function around(/** @type {any} */ viewer, /** @type {string} */ id) {
  const [canvas, known] = [viewer.get('canvas'), viewer.get('elementRegistry')];
  const found = [];
  for (let here = known.get(id); here; ) {
    const root = canvas.findRoot(here);
    here = root && root !== here && root.id.endsWith(PLANE) ? known.get(planeOf(root)) : undefined;
    if (here) found.push(here.id);
  }
  return found;
}

/** A few words on an element. */
export function badge(/** @type {any} */ viewer, /** @type {string} */ id, /** @type {string} */ kind, /** @type {{text: string, title?: string, look: string, position: object}} */ said) {
  const html = document.createElement('span');
  html.className = said.look;
  html.textContent = said.text;
  if (said.title) html.title = said.title;
  viewer.get('overlays').add(id, kind, { position: said.position, html });
}

function isDrawn(/** @type {any} */ viewer) {
  return viewer.getDefinitions() && viewer.get('elementRegistry').filter((/** @type {any} */ one) => one.parent).length > 0;
}

const rootOf = (/** @type {any} */ viewer) => viewer.get('canvas').getRootElement().businessObject;

/** Of processes and collaborations; what is drawn of a sub-process belongs to one of them. */
function diagramsOf(/** @type {any} */ viewer) {
  const every = viewer.getDefinitions().diagrams ?? [];
  return every.filter((/** @type {any} */ one) => one.plane?.bpmnElement && !one.plane.bpmnElement.$instanceOf('bpmn:SubProcess'));
}

function offer(/** @type {any[]} */ choices, /** @type {HTMLElement} */ frame, /** @type {(diagram: any) => Promise<void>} */ choose) {
  const list = document.createElement('nav');
  list.className = 'tabs planes';
  list.setAttribute('aria-label', frame.getAttribute('aria-label') ?? '');
  for (const [number, diagram] of choices.entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button button--small';
    button.textContent = `${number + 1} ${nameOf(diagram.plane.bpmnElement)}`;
    button.setAttribute('aria-pressed', String(number === 0));
    button.addEventListener('click', async () => {
      await choose(diagram);
      for (const one of list.children) one.setAttribute('aria-pressed', String(one === button));
    });
    list.append(button);
  }
  frame.before(list);
}

const nameOf = (/** @type {any} */ element) =>
  element.name || element.participants?.map((/** @type {any} */ one) => one.name).filter(Boolean).join(' · ') || element.id;

/** A drawing for a file that has none. The library is fetched only for such a file. */
async function laidOut(/** @type {string} */ xml) {
  const { layoutProcess } = await import('../vendor/layout.mjs');
  return layoutProcess(withEnds(xml));
}

/** Flows named at both their ends, too: the library follows these, and many files leave them out. */
function withEnds(/** @type {string} */ xml) {
  const file = new DOMParser().parseFromString(xml, 'application/xml');
  const byId = new Map([...file.querySelectorAll('[id]')].map((element) => [element.id, element]));
  for (const flow of [...file.querySelectorAll('*')].filter((element) => element.localName === 'sequenceFlow')) {
    for (const [attribute, tag] of ENDS) {
      const node = byId.get(flow.getAttribute(attribute) ?? '');
      if (!node || [...node.children].some((one) => one.localName === tag && one.textContent?.trim() === flow.id)) continue;
      const end = file.createElementNS(flow.namespaceURI, node.prefix ? `${node.prefix}:${tag}` : tag);
      end.textContent = flow.id;
      node.append(end);
    }
  }
  return new XMLSerializer().serializeToString(file);
}
