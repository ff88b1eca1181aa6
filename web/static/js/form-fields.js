// @ts-check
/** What a field does for its typist: plain digits, whole dates, both pressures, 未查 at a click. */

import { civil } from "./form-kept.js";
import { gapless, narrow, readDate, splitPressure, weekday } from "./form-text.js";
import { serverNow } from "./keep.js";

const TYPED_NARROW = new Set(["quantity", "integer", "decimal", "date", "dateTime", "time"]);

/** １５０ becomes 150, and the field says so. @param {HTMLElement} fields @param {HTMLInputElement} control */
export function makeNarrow(fields, control) {
  const typed = control.value;
  if (!TYPED_NARROW.has(control.dataset.kind ?? "") || narrow(typed) === typed) return;
  const caret = control.selectionStart;
  control.value = narrow(typed);
  control.setSelectionRange(caret, caret);
  note(control, "note", fields.dataset.sayNarrowed ?? "");
}

/** `150/90` in the first of two fields: the rest goes to the second. @param {HTMLFormElement} form @param {HTMLInputElement} control */
export function splitPair(form, control) {
  const halves = control.dataset.pair && splitPressure(control.value);
  if (!halves) return;
  const name = control.name.replace(/[a-z0-9_]+$/, control.dataset.pair ?? "");
  const second = form.elements.namedItem(name);
  if (!(second instanceof HTMLInputElement)) return;
  control.value = halves[0];
  second.value = halves[1];
  second.focus();
  second.setSelectionRange(second.value.length, second.value.length);
}

/** A whole identity card number gives the birth date, unless somebody has written one. @param {HTMLFormElement} form @param {HTMLElement} fields @param {HTMLInputElement} control */
export function takeBirthDate(form, fields, control) {
  const digits = /^\d{6}(\d{8})\d{3}[\dXx]$/.exec(gapless(control.value));
  if (digits && control.dataset.born) control.value = digits[0].toUpperCase();
  const target = control.dataset.born && form.elements.namedItem(control.dataset.born);
  if (!digits || !(target instanceof HTMLInputElement) || target.value !== "") return;
  target.value = readDate(digits[1], fields.dataset.today ?? "") ?? "";
  echo(fields, target);
}

/** A date is written out in full, with its weekday beside it. @param {HTMLElement} fields @param {HTMLElement} control */
export function echo(fields, control) {
  if (!(control instanceof HTMLInputElement) || control.dataset.kind !== "date") return;
  const day = control.value ? readDate(control.value, fields.dataset.today ?? "") : null;
  if (day) control.value = day;
  note(control, "echo", day ? weekday(day, document.documentElement.lang) : "");
}

/** A few words beside a field, said aloud too. @param {HTMLElement} control @param {string} kind @param {string} text */
export function note(control, kind, text) {
  const holder = control.parentElement;
  let beside = holder?.querySelector(`.${kind}`);
  if (!beside && text) {
    beside = document.createElement("span");
    beside.className = kind;
    beside.setAttribute("role", "status");
    holder?.append(beside);
  }
  if (beside) beside.textContent = text;
}

/** The words 未查 and 不详 beside a field become buttons that write them into it. @param {HTMLElement} fields */
export function makeAbsentButtons(fields) {
  for (const words of /** @type {NodeListOf<HTMLElement>} */ (fields.querySelectorAll("span[data-absent]"))) {
    const label = words.closest(".field")?.querySelector("label")?.firstChild?.textContent?.trim() ?? "";
    const buttons = (words.dataset.absent ?? "").split("|").map((word) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "absent", textContent: word, tabIndex: -1 });
      button.setAttribute("aria-label", `${label} ${word}`);
      return button;
    });
    words.replaceChildren(...buttons);
    delete words.dataset.absent;
  }
}

/** Beside every time of day a button that writes the present one, by the server's clock. @param {HTMLElement} fields */
export function makeNowButtons(fields) {
  for (const control of fields.querySelectorAll('input[data-kind="dateTime"]')) {
    const field = control.closest(".field");
    if (!field || field.querySelector("button.now")) continue;
    const label = field.querySelector("label")?.firstChild?.textContent?.trim() ?? "";
    const button = Object.assign(document.createElement("button"), { type: "button", className: "absent now", textContent: fields.dataset.sayNow ?? "", tabIndex: -1 });
    button.title = "Ctrl+;";
    button.setAttribute("aria-label", `${label} ${button.textContent}`);
    control.after(button);
  }
}

/** The present time, or today. @param {HTMLInputElement} control */
export function writeNow(control) {
  const now = civil(serverNow());
  if (control.dataset.kind === "dateTime") control.value = now;
  else if (control.dataset.kind === "date") control.value = now.slice(0, 10);
}
