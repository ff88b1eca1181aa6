// @ts-check
// The drawing board: open, change, ask the server's gate, go live as a new version.
import {
  BpmnModeler,
  BpmnPropertiesPanelModule,
  BpmnPropertiesProviderModule,
  MinimapModule,
  zeebeModdle,
} from '../../vendor/designer.mjs';
import { fit, open as openFile, planeOf } from '../planes.js';
import { Findings } from './findings.js';
import { YuntuPanelModule } from './panel.js';
import { translation } from './translate.js';
import { yuntuModdle } from './yuntu-moddle.js';

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const json = (/** @type {string} */ id) => JSON.parse($(id).textContent ?? '{}');

const board = $('designer');
const words = json('words');
const choices = json('choices');
const status = $('status');
const say = (/** @type {string} */ text, kind = '') => {
  status.textContent = text;
  status.dataset.kind = kind;
};
const fill = (/** @type {string} */ text, /** @type {Record<string, unknown>} */ values) =>
  text.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));

const modeler = new BpmnModeler({
  container: $('canvas'),
  propertiesPanel: { parent: $('panel') },
  choices,
  moddleExtensions: { zeebe: zeebeModdle, yuntu: yuntuModdle },
  additionalModules: [BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, MinimapModule, YuntuPanelModule, translation(choices.lang, board)],
});
const findings = new Findings(modeler, $('findings-list'), words);
const history = modeler.get('commandStack');
let cleanAt = -1;
const isDirty = () => history._stackIdx !== cleanAt;

open();

async function open() {
  try {
    const answer = await fetch(board.dataset.xml ?? '');
    await openFile(modeler, await answer.text(), $('canvas'), () => {
      fitBesidePalette();
      findings.counts(choices.waiting);
    });
  } catch {
    say(words.broken, 'bad');
    return;
  }
  board.dataset.plane = planeOf(modeler.get('canvas').getRootElement());
  modeler.on('root.set', 100, (/** @type {any} */ { element }) => {
    board.dataset.plane = planeOf(element);
    fitBesidePalette();
  });
  cleanAt = history._stackIdx;
  modeler.on('commandStack.changed', () => say(isDirty() ? words.changed : ''));
  board.dataset.ready = 'true';
  say(words.ready);
}

/** The whole plane in sight, none of it under the palette: the labels of pools and lanes stand at the left edge. */
function fitBesidePalette() {
  const palette = $('canvas').querySelector('.djs-palette');
  fit(modeler, (palette instanceof HTMLElement ? palette.offsetLeft + palette.offsetWidth : 0) + 16);
}

/** The diagram as XML. The panel writes a field with a delay: leaving the field makes it write now. */
async function xml() {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  return (await modeler.saveXML({ format: true })).xml;
}

async function send(/** @type {string} */ address) {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/xml', 'X-CSRF-Token': board.dataset.csrf ?? '' },
    body: await xml(),
  });
  const body = await answer.json();
  if (body.problems) findings.show(body.problems);
  return { ok: answer.ok, ...body };
}

async function check() {
  say(words.checking);
  const answer = await attempt(() => send(board.dataset.check ?? ''));
  if (!answer) return false;
  if (!answer.ok) say(refusal(answer), 'bad');
  else say(answer.problems.length ? words.warned : words.clean);
  return answer.ok;
}

async function deploy() {
  if (!(await check()) || !(await confirmed())) return;
  const answer = await attempt(() => send(board.dataset.deploy ?? ''));
  if (!answer) return;
  if (!answer.ok) return say(refusal(answer), 'bad');
  const mine = answer.deployed.find((/** @type {any} */ each) => each.key === board.dataset.key) ?? answer.deployed[0];
  cleanAt = history._stackIdx;
  say(fill(mine.created ? words.deployed : words.unchanged, { version: mine.version }));
  board.dataset.deployed = String(mine.version);
}

const refusal = (/** @type {any} */ answer) => (answer.message ? answer.message[choices.lang] : words.refused);

/** Run a request; a network that is away is said, never thrown. */
async function attempt(/** @type {() => Promise<any>} */ request) {
  try {
    return await request();
  } catch {
    say(words.failed, 'bad');
    return null;
  }
}

/** @returns {Promise<boolean>} */
function confirmed() {
  const dialog = /** @type {HTMLDialogElement} */ ($('confirm'));
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'), { once: true }));
}

async function download() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([await xml()], { type: 'application/xml' }));
  link.download = `${board.dataset.key}.bpmn`;
  link.click();
  URL.revokeObjectURL(link.href);
}

document.getElementById('check')?.addEventListener('click', check);
document.getElementById('deploy')?.addEventListener('click', deploy);
$('download').addEventListener('click', download);
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 's') {
    event.preventDefault();
    if (document.getElementById('check')) check();
  }
});
window.addEventListener('beforeunload', (event) => {
  if (isDirty()) event.preventDefault();
});
