// @ts-check
// Two versions beside each other: what becomes what bears the same number on both; a choice is made by choosing an
// element of the old one and then one of the new one. The table below says the same, and is what is sent.
import { BpmnViewer } from '../vendor/viewer.mjs';
import { around, badge, planeOf, show } from './planes.js';

const GIVE_UP = '-';
const GRAVE = ['gone', 'changed', 'new', 'to']; // what a reader has to look at first

for (const pair of document.querySelectorAll('[data-pair]')) begin(/** @type {HTMLElement} */ (pair));

async function begin(/** @type {HTMLElement} */ pair) {
  const drawn = JSON.parse(pair.querySelector('[data-drawn]')?.textContent ?? '{}');
  const said = /** @type {HTMLElement} */ (pair.querySelector('[data-said]'));
  const sides = {};
  for (const side of ['old', 'new']) {
    const frame = /** @type {HTMLElement} */ (pair.querySelector(`[data-side="${side}"]`));
    const viewer = await show(BpmnViewer, frame, () => {
      if (pair.dataset.ready) draw();
    });
    if (!viewer) return;
    sides[side] = { frame, viewer, marked: [], inside: new Map() };
  }
  const body = /** @type {HTMLElement} */ (document.querySelector(`[data-lines="${CSS.escape(drawn.key)}"]`));
  let picked = '';

  const field = (id) => body.querySelector(`select[name="${CSS.escape(drawn.elements[id].field)}"]`);
  const say = (name, values) =>
    (said.textContent = (said.dataset[name] ?? '').replace(/\{(\w+)\}/g, (_, word) => values[word] ?? ''));

  function target(id) {
    const value = field(id)?.value ?? '';
    if (value === GIVE_UP) return null;
    if (value) return value;
    return drawn.kinds.new[id] === drawn.kinds.old[id] ? id : null;
  }

  function mark(side, id, style, text, waiting = 0) {
    const { viewer, marked, inside } = sides[side];
    if (!viewer.get('elementRegistry').get(id)) return;
    viewer.get('canvas').addMarker(id, `map-${style}`);
    marked.push([id, `map-${style}`]);
    badge(viewer, id, 'pair', { text, look: `joint joint--${style}`, position: { top: -10, left: -10 } });
    for (const shape of around(viewer, id)) {
      const sum = inside.get(shape) ?? { style, places: 0, waiting: 0 };
      const worse = GRAVE.indexOf(style) < GRAVE.indexOf(sum.style) ? style : sum.style;
      inside.set(shape, { style: worse, places: sum.places + 1, waiting: sum.waiting + waiting });
    }
  }

  /** On a collapsed shape: how many places inside bear a number, and how many instances wait there. */
  function sumUp({ viewer, inside }) {
    for (const [shape, { style, places, waiting }] of inside) {
      const text = waiting ? `⊞ ${places} · ${waiting}` : `⊞ ${places}`;
      badge(viewer, shape, 'pair', { text, look: `joint joint--${style}`, position: { bottom: 10, left: -10 } });
    }
  }

  function draw() {
    for (const { viewer, marked, inside } of Object.values(sides)) {
      for (const [id, style] of marked.splice(0)) viewer.get('canvas').removeMarker(id, style);
      viewer.get('overlays').remove({ type: 'pair' });
      inside.clear();
    }
    const reached = new Set();
    for (const { number, from, fate, waiting } of drawn.marks) {
      const to = target(from);
      const style = to === null ? 'gone' : fate === 'changed' ? 'changed' : 'to';
      mark('old', from, style, waiting ? `${number} · ${waiting}` : `${number}`, waiting);
      if (to !== null) {
        mark('new', to, style, `${number}`);
        reached.add(to);
      }
    }
    for (const id of drawn.added) if (!reached.has(id)) mark('new', id, 'new', '＋');
    Object.values(sides).forEach(sumUp);
  }

  /** One side goes into a sub-process: so does the other, where it has a plane of its own for it. */
  function follow(from, to) {
    from.on('root.set', 50, ({ element }) => {
      const canvas = to.get('canvas');
      const same = canvas.getRootElements().find((root) => planeOf(root) === planeOf(element));
      if (same && same !== canvas.getRootElement()) canvas.setRootElement(same);
    });
  }

  function pick(id) {
    const { viewer } = sides.old;
    if (picked) viewer.get('canvas').removeMarker(picked, 'map-picked');
    picked = id;
    if (!id) return void (said.textContent = '');
    viewer.get('canvas').addMarker(id, 'map-picked');
    say('pick', { id });
  }

  function join(to) {
    if (drawn.kinds.new[to] !== drawn.kinds.old[picked]) return void say('unlike', {});
    const from = picked;
    const select = field(from) ?? addLine(from);
    const value = to === from ? '' : to;
    if (![...select.options].some((option) => option.value === value)) select.add(new Option(value, value));
    select.value = value;
    pick('');
    draw();
    say('joined', { id: from, to });
  }

  function addLine(id) {
    const number = drawn.marks.length + 1;
    drawn.marks.push({ number, from: id, to: null, fate: 'kept', waiting: 0 });
    const row = body.insertRow();
    const cells = [String(number), drawn.names[id] ? `${drawn.names[id]} ${id}` : id, '', '', ''];
    for (const [at, text] of cells.entries()) {
      const cell = at === 1 ? row.appendChild(document.createElement('th')) : row.insertCell();
      if (at === 1) cell.setAttribute('scope', 'row');
      if (at === 0) cell.className = 'number';
      cell.textContent = text;
    }
    const select = document.createElement('select');
    select.name = drawn.elements[id].field;
    select.setAttribute('aria-label', id);
    select.add(new Option(id, ''));
    row.insertCell().append(select);
    return select;
  }

  sides.old.viewer.on('element.click', ({ element }) => pick(drawn.elements[element.id] ? element.id : ''));
  sides.new.viewer.on('element.click', ({ element }) => {
    if (picked && drawn.kinds.new[element.id]) join(element.id);
  });
  pair.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') pick('');
  });
  body.addEventListener('change', draw);
  follow(sides.old.viewer, sides.new.viewer);
  follow(sides.new.viewer, sides.old.viewer);
  draw();
  pair.dataset.ready = 'true';
}
