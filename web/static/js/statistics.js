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
    const hottest = new Map(); // collapsed shape -> the darkest shade inside
    for (const [id, { text, shade }] of Object.entries(marks)) {
      if (!known.get(id)) continue;
      badge(viewer, id, 'figures', { text, look: 'figure', position: { bottom: 0, left: 0 } });
      canvas.addMarker(id, `shade-${shade}`);
      for (const shape of around(viewer, id)) hottest.set(shape, Math.max(hottest.get(shape) ?? 0, shade));
    }
    for (const [shape, shade] of hottest) {
      canvas.removeMarker(shape, `shade-${marks[shape]?.shade ?? 0}`);
      canvas.addMarker(shape, `shade-${shade}`);
    }
  });
  if (shown) container.dataset.ready = 'true';
}
