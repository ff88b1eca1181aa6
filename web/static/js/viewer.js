// @ts-check
// The read-only diagram on a woman's page: what is done, where she is now.
import { BpmnViewer } from '../vendor/viewer.mjs';

const container = document.querySelector('#diagram');
if (container instanceof HTMLElement) show(container);

async function show(/** @type {HTMLElement} */ frame) {
  const markers = JSON.parse(document.querySelector('#diagram-markers')?.textContent ?? '{}');
  const answer = await fetch(frame.dataset.url ?? '');
  if (!answer.ok) return;
  const viewer = new BpmnViewer({ container: frame });
  await viewer.importXML(await answer.text());
  const canvas = viewer.get('canvas');
  const known = viewer.get('elementRegistry');
  for (const [state, ids] of Object.entries(markers)) {
    for (const id of /** @type {string[]} */ (ids)) {
      if (known.get(id)) canvas.addMarker(id, `is-${state}`);
    }
  }
  canvas.zoom('fit-viewport', 'auto');
  frame.dataset.ready = 'true';
}
