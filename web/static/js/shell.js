// @ts-check
// What every page does: focus on what went wrong, the help, the search key, moving through a list.

const typing = (/** @type {EventTarget | null} */ target) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

const summary = document.querySelector('[data-focus], [data-focus-inside] > *');
if (summary instanceof HTMLElement) summary.focus();

const help = document.querySelector('dialog#keys');
for (const opener of document.querySelectorAll('[data-opens="keys"]')) {
  opener.addEventListener('click', showHelp);
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
