// @ts-check
// What every page does: focus on what went wrong, the help, the search key, moving through a list.

import { forget, forgetWhatArrived, here, kept } from './keep.js';
import { say } from './form-kept.js';

const typing = (/** @type {EventTarget | null} */ target) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

const summary = document.querySelector('[data-focus], [data-focus-inside] > *');
if (summary instanceof HTMLElement) summary.focus();

const help = document.querySelector('dialog#keys');
for (const opener of document.querySelectorAll('[data-opens="keys"]')) {
  opener.addEventListener('click', showHelp);
}

for (const printer of document.querySelectorAll('button[data-prints]')) {
  if (printer instanceof HTMLElement) printer.hidden = false;
  printer.addEventListener('click', () => window.print());
}

function showHelp() {
  if (help instanceof HTMLDialogElement && !help.open) help.showModal();
}

/** Move the focus to the link of the next or previous row. */
function step(/** @type {number} */ by) {
  const links = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-rows] a.open'))];
  if (!links.length) return false;
  const here = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement));
  const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, here + by));
  links[next].focus();
  return true;
}

document.addEventListener('focusin', (event) => {
  document.querySelector('tr.is-chosen')?.classList.remove('is-chosen');
  const row = event.target instanceof HTMLElement ? event.target.closest('[data-rows] tbody tr') : null;
  row?.classList.add('is-chosen');
});

document.addEventListener('keydown', (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector('dialog[open]') || document.activeElement?.closest('.designer')) return;
  const search = document.querySelector('#q');
  if (event.key === '/' && search instanceof HTMLElement) search.focus();
  else if (event.key === '?') showHelp();
  else if (event.key === 'ArrowDown' && step(1)) void 0;
  else if (event.key === 'ArrowUp' && step(-1)) void 0;
  else return;
  event.preventDefault();
});

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute('open');
  }
});

// --- forms that wait on this machine for the network ---

/** Every page says which forms have not been handed in; leaving for good asks once more. */
async function tellOfKept() {
  await forgetWhatArrived();
  const waiting = (await kept()).filter((one) => one.path !== location.pathname);
  const main = document.querySelector('main');
  if (!waiting.length || !main) return;
  const box = Object.assign(document.createElement('div'), { className: 'notice notice--warn' });
  box.setAttribute('role', 'status');
  box.append(Object.assign(document.createElement('p'), { className: 'notice__title', textContent: say('sayWaiting') }));
  for (const one of waiting) box.append(line(one));
  main.prepend(box);
  document.querySelector('form[action$="/sign-out"]')?.addEventListener('submit', (event) => {
    if (!confirm(say('sayLeave'))) event.preventDefault();
  });
}

function line(/** @type {import("./keep.js").Kept} */ one) {
  const text = document.createElement('p');
  const link = Object.assign(document.createElement('a'), { href: one.path, textContent: `${one.content.title} ${one.content.about}`.trim(), lang: 'zh-CN' });
  const drop = Object.assign(document.createElement('button'), { type: 'button', className: 'plain', textContent: say('sayDrop') });
  drop.addEventListener('click', () => {
    if (confirm(say('sayDropSure'))) void forget(one.id).then(() => text.remove());
  });
  text.append(link, ` ${say('sayTyped', one.content.typedAt)} `, drop);
  return text;
}

void tellOfKept();
if (here.able && !('offline' in document.body.dataset)) void navigator.serviceWorker?.register('/service-worker.js').catch(() => undefined);
