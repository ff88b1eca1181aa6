// @ts-check
// What the gate said, at the element and in a list; a click leads from one to the other. What lies on a plane of its own
// is told on the collapsed shape too.
import { around } from '../planes.js';

export class Findings {
  constructor(/** @type {any} */ modeler, /** @type {HTMLElement} */ list, /** @type {Record<string, string>} */ words) {
    this.modeler = modeler;
    this.canvas = modeler.get('canvas');
    this.overlays = modeler.get('overlays');
    this.selection = modeler.get('selection');
    this.known = modeler.get('elementRegistry');
    this.list = list;
    this.words = words;
    /** @type {[string, string][]} */
    this.marked = [];
  }

  /** How many instances stand at each element. */
  counts(/** @type {Record<string, number>} */ waiting) {
    this.overlays.remove({ type: 'finding-count' });
    const inside = new Map();
    for (const [path, count] of Object.entries(waiting ?? {})) {
      const id = path.split('/')[0]; // inside a called process: at the call
      if (!this.known.get(id)) continue;
      for (const shape of [id, ...around(this.modeler, id)]) inside.set(shape, (inside.get(shape) ?? 0) + count);
    }
    for (const [id, count] of inside) this.mark(id, 'count', String(count), this.words.running.replace('%(n)s', String(count)), { bottom: 10, left: -8 });
  }

  show(/** @type {any[]} */ problems) {
    this.clear();
    const told = new Map();
    for (const problem of problems) {
      this.list.append(this.line(problem));
      if (!this.known.get(problem.element_id)) continue;
      this.point(problem.element_id, problem.severity, this.sentence(problem));
      for (const shape of around(this.modeler, problem.element_id)) {
        const worse = told.get(shape) === 'error' ? 'error' : problem.severity;
        told.set(shape, worse);
      }
    }
    for (const [shape, severity] of told) this.point(shape, severity, this.words.inside);
  }

  point(/** @type {string} */ id, /** @type {string} */ severity, /** @type {string} */ title) {
    this.canvas.addMarker(id, `finding--${severity}`);
    this.marked.push([id, `finding--${severity}`]);
    this.mark(id, severity, '!', title, { top: -10, right: 10 });
  }

  clear() {
    this.list.replaceChildren();
    for (const [id, marker] of this.marked) this.canvas.removeMarker(id, marker);
    this.marked = [];
    this.overlays.remove({ type: 'finding-error' });
    this.overlays.remove({ type: 'finding-warning' });
  }

  mark(/** @type {string} */ id, /** @type {string} */ kind, /** @type {string} */ text, /** @type {string} */ title, /** @type {any} */ position) {
    const html = document.createElement('div');
    html.className = `mark mark--${kind}`;
    html.textContent = text;
    html.title = title;
    this.overlays.add(id, `finding-${kind}`, { position, html });
  }

  line(/** @type {any} */ problem) {
    const item = document.createElement('li');
    const kind = document.createElement('span');
    kind.className = 'tag';
    kind.textContent = this.words[problem.severity] ?? problem.severity;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = `${this.nameOf(problem.element_id)}：${this.sentence(problem)}`;
    button.addEventListener('click', () => this.lead(problem.element_id));
    item.append(kind, button);
    return item;
  }

  sentence(/** @type {any} */ problem) {
    return problem.message[document.documentElement.lang === 'en' ? 'en' : 'zh'];
  }

  nameOf(/** @type {string | null} */ id) {
    if (!id) return this.words.whole;
    const name = this.known.get(id)?.businessObject?.name;
    return name ? `${name} (${id})` : id;
  }

  lead(/** @type {string | null} */ id) {
    const element = id && this.known.get(id);
    if (!element) return;
    this.canvas.scrollToElement(element, 80); // opens its plane; only what is on the open one can be selected
    this.selection.select(element);
  }
}
