// @ts-check
// Two versions beside each other: what becomes what bears the same number on both; a choice is made by choosing an
// element of the old one and then one of the new one. The table below says the same, and is what is sent.
import { BpmnViewer } from '../vendor/viewer.mjs';

const GIVE_UP = '-';

for (const pair of document.querySelectorAll('[data-pair]')) begin(/** @type {HTMLElement} */ (pair));

async function begin(/** @type {HTMLElement} */ pair) {
  const drawn = JSON.parse(pair.querySelector('[data-drawn]')?.textContent ?? '{}');
  const said = /** @type {HTMLElement} */ (pair.querySelector('[data-said]'));
  const sides = {};
  for (const side of ['old', 'new']) {
    const frame = /** @type {HTMLElement} */ (pair.querySelector(`[data-side="${side}"]`));
    const answer = await fetch(frame.dataset.url ?? '');
    if (!answer.ok) return;
    const viewer = new BpmnViewer({ container: frame });
    await viewer.importXML(await answer.text());
    viewer.get('canvas').zoom('fit-viewport', 'auto');
    sides[side] = { frame, viewer, marked: [] };
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

  function mark(side, id, style, text) {
    const { viewer, marked } = sides[side];
    if (!viewer.get('elementRegistry').get(id)) return;
    viewer.get('canvas').addMarker(id, `map-${style}`);
    marked.push([id, `map-${style}`]);
    const badge = document.createElement('span');
    badge.className = `joint joint--${style}`;
    badge.textContent = text;
    viewer.get('overlays').add(id, 'pair', { position: { top: -10, left: -10 }, html: badge });
  }

  function draw() {
    for (const { viewer, marked } of Object.values(sides)) {
      for (const [id, style] of marked.splice(0)) viewer.get('canvas').removeMarker(id, style);
      viewer.get('overlays').remove({ type: 'pair' });
    }
    const reached = new Set();
    for (const { number, from, fate, waiting } of drawn.marks) {
      const to = target(from);
      const style = to === null ? 'gone' : fate === 'changed' ? 'changed' : 'to';
      mark('old', from, style, waiting ? `${number} · ${waiting}` : `${number}`);
      if (to !== null) {
        mark('new', to, style, `${number}`);
        reached.add(to);
      }
    }
    for (const id of drawn.added) if (!reached.has(id)) mark('new', id, 'new', '＋');
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
  draw();
  pair.dataset.ready = 'true';
}
