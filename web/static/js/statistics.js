// @ts-check
// A diagram with what history says of each element: a few words above it and a shade for how long it takes.
import { BpmnViewer } from '../vendor/viewer.mjs';
import { around, badge, show } from './planes.js';

const frame = document.querySelector('#diagram');
if (frame instanceof HTMLElement) begin(frame);

async function begin(/** @type {HTMLElement} */ container) {
  const marks = JSON.parse(document.querySelector('#diagram-marks')?.textContent ?? '{}');
  const shown = await show(BpmnViewer, container, (viewer) => {
    const known = viewer.get('elementRegistry');
    const canvas = viewer.get('canvas');
    const inside = new Map(); // collapsed shape -> the darkest shade and what is open inside
    for (const [id, { text, shade, open }] of Object.entries(marks)) {
      if (!known.get(id)) continue;
      tell(viewer, id, text);
      canvas.addMarker(id, `shade-${shade}`);
      for (const shape of around(viewer, id)) {
        const sum = inside.get(shape) ?? { shade: 0, open: 0 };
        inside.set(shape, { shade: Math.max(sum.shade, shade), open: sum.open + open });
      }
    }
    for (const [shape, { shade, open }] of inside) {
      if (marks[shape]) canvas.removeMarker(shape, `shade-${marks[shape].shade}`);
      else tell(viewer, shape, (container.dataset.inside ?? '').replace('{n}', String(open)));
      canvas.addMarker(shape, `shade-${shade}`);
    }
  });
  if (shown) container.dataset.ready = 'true';
}

function tell(/** @type {any} */ viewer, /** @type {string} */ id, /** @type {string} */ text) {
  badge(viewer, id, 'figures', { text, look: 'figure', position: { bottom: 0, left: 0 } });
}
