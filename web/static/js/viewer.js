// @ts-check
// The read-only diagram on a woman's page: what is done, where she is now.
import { BpmnViewer } from '../vendor/viewer.mjs';
import { around, badge, show } from './planes.js';

const frame = document.querySelector('#diagram');
if (frame instanceof HTMLElement) begin(frame);

async function begin(/** @type {HTMLElement} */ container) {
  const { done = [], now = [], counts = {} } = JSON.parse(document.querySelector('#diagram-markers')?.textContent ?? '{}');
  const shown = await show(BpmnViewer, container, (viewer) => {
    const known = viewer.get('elementRegistry');
    const canvas = viewer.get('canvas');
    const standing = new Map(); // collapsed shape -> tokens inside
    for (const id of now.filter((/** @type {string} */ one) => known.get(one))) {
      canvas.addMarker(id, 'is-now');
      const count = counts[id] ?? 1;
      if (count > 1) tell(viewer, id, count);
      for (const shape of around(viewer, id)) standing.set(shape, (standing.get(shape) ?? 0) + count);
    }
    for (const [shape, count] of standing) {
      canvas.addMarker(shape, 'is-now');
      tell(viewer, shape, count);
    }
    const passed = done.filter((/** @type {string} */ one) => known.get(one));
    for (const id of new Set(passed.flatMap((/** @type {string} */ one) => [one, ...around(viewer, one)]))) {
      if (!standing.has(id) && !now.includes(id)) canvas.addMarker(id, 'is-done');
    }
  });
  if (shown) container.dataset.ready = 'true';
}

/** How many tokens stand at an element or inside a collapsed one. */
function tell(/** @type {any} */ viewer, /** @type {string} */ id, /** @type {number} */ count) {
  const title = (/** @type {HTMLElement} */ (frame).dataset.tokens ?? '').replace('{n}', String(count));
  badge(viewer, id, 'tokens', { text: String(count), title, look: 'tokens', position: { top: -10, right: 12 } });
}
