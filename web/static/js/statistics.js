// @ts-check
// A diagram with what history says of each element: a few words above it and a shade for how long it takes.
import { BpmnViewer } from '../vendor/viewer.mjs';

const frame = document.querySelector('#diagram');
if (frame instanceof HTMLElement) show(frame);

async function show(/** @type {HTMLElement} */ container) {
  const marks = JSON.parse(document.querySelector('#diagram-marks')?.textContent ?? '{}');
  const answer = await fetch(container.dataset.url ?? '');
  if (!answer.ok) return;
  const viewer = new BpmnViewer({ container });
  await viewer.importXML(await answer.text());
  const [canvas, known, overlays] = [viewer.get('canvas'), viewer.get('elementRegistry'), viewer.get('overlays')];
  for (const [id, { text, shade }] of Object.entries(marks)) {
    if (!known.get(id)) continue;
    const words = document.createElement('span');
    words.className = 'figure';
    words.textContent = text;
    overlays.add(id, { position: { bottom: 0, left: 0 }, html: words });
    canvas.addMarker(id, `shade-${shade}`);
  }
  canvas.zoom('fit-viewport', 'auto');
  container.dataset.ready = 'true';
}
