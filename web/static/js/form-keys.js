// @ts-check
/** Fast entry by keyboard. Enter never submits: a card reader types a number and presses Enter. */

import { controls, isTick } from "./form-answers.js";
import { writeNow } from "./form-fields.js";

/**
 * @param {HTMLFormElement} form
 * @param {{ save: () => void, changed: (control: HTMLElement) => void }} does
 */
export function listenToKeys(form, does) {
  form.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const at = event.target;
    if (event.altKey) return newLine(event, at);
    if (event.ctrlKey || event.metaKey) return;
    if (!(at instanceof HTMLElement) || at instanceof HTMLButtonElement || at instanceof HTMLAnchorElement) return;
    if (event.key === "Enter") enter(event, form, at);
    else if (event.key === "F2") sameAsLast(event, at, does.changed);
    else if (/^[1-9]$/.test(event.key)) choose(event, at, Number(event.key), does.changed);
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.isComposing) withControlKey(event, form, does.save);
  });
}

/** @param {KeyboardEvent} event @param {HTMLFormElement} form @param {() => void} save */
function withControlKey(event, form, save) {
  if (event.key === "Enter") {
    event.preventDefault();
    const main = /** @type {HTMLButtonElement | null} */ (
      form.querySelector("button:not([type=button]):not([name=_add]):not([name=_remove])")
    );
    form.requestSubmit(main);
  } else if (event.key.toLowerCase() === "s") {
    event.preventDefault();
    save();
  } else if (/^[;；]$/.test(event.key) && event.target instanceof HTMLInputElement && form.contains(event.target)) {
    event.preventDefault();
    writeNow(event.target);
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** @param {KeyboardEvent} event @param {HTMLFormElement} form @param {HTMLElement} at */
function enter(event, form, at) {
  event.preventDefault();
  const stops = stopsOf(form);
  const here = stops.findIndex((stop) => stop === at || isSameQuestion(stop, at));
  const next = stops[here + (event.shiftKey ? -1 : 1)];
  if (next) {
    next.focus();
    if (next instanceof HTMLInputElement && !isTick(next)) next.select(); // as Tab does: typing replaces
  } else if (!event.shiftKey) /** @type {HTMLElement | null} */ (form.querySelector(".actions button, button:not([name])"))?.focus();
}

/** Alt+Enter: a new line where there may be several. @param {KeyboardEvent} event @param {EventTarget | null} at */
function newLine(event, at) {
  if (event.key !== "Enter" || !(at instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  at.setRangeText("\n", at.selectionStart, at.selectionEnd, "end");
  at.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Where Enter halts: every visible field; the choices of one question once. @param {HTMLFormElement} form */
function stopsOf(form) {
  const seen = new Set();
  return controls(form).filter((control) => {
    if (control.closest("[hidden]") || control.disabled || control.type === "hidden") return false;
    if (!isOneOfSeveral(control)) return true;
    const checked = form.querySelector(`input[name="${CSS.escape(control.name)}"]:checked`);
    if ((checked && checked !== control) || seen.has(control.name)) return false;
    seen.add(control.name);
    return true;
  });
}

/** @param {import("./form-answers.js").Control} control */
function isOneOfSeveral(control) {
  return isTick(control) && control.closest("fieldset.choice") !== null;
}

/** @param {HTMLElement} stop @param {HTMLElement} at */
function isSameQuestion(stop, at) {
  const both = stop instanceof HTMLInputElement && at instanceof HTMLInputElement;
  return both && isTick(stop) && isTick(at) && stop.name === at.name;
}

/** F2: the last value into this field. @param {KeyboardEvent} event @param {HTMLElement} at @param {(control: HTMLElement) => void} changed */
function sameAsLast(event, at, changed) {
  const last = at.dataset.last ?? at.closest("fieldset")?.dataset.last;
  if (last === undefined) return;
  event.preventDefault();
  if (at instanceof HTMLInputElement && isTick(at)) {
    const wanted = at.closest("fieldset")?.querySelector(`input[value="${CSS.escape(last)}"]`);
    if (wanted instanceof HTMLInputElement) wanted.checked = true;
  } else if ("value" in at) {
    at.value = last;
  }
  changed(at);
}

/** A digit picks the n-th answer of a list of choices. @param {KeyboardEvent} event @param {HTMLElement} at @param {number} number @param {(control: HTMLElement) => void} changed */
function choose(event, at, number, changed) {
  if (at instanceof HTMLSelectElement && number < at.options.length) {
    at.selectedIndex = number;
  } else if (at instanceof HTMLInputElement && isTick(at)) {
    const boxes = at.closest("fieldset.choice")?.querySelectorAll("input");
    const wanted = boxes?.[number - 1];
    if (!wanted) return;
    wanted.checked = wanted.type === "radio" || !wanted.checked;
    wanted.focus();
  } else return;
  event.preventDefault();
  changed(at);
}
