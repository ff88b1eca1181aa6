// @ts-check
/** A form in the page: fast to type into, honest about what it holds. Starts itself on every `form[data-form]`. */

import { Draft } from "./draft.js";
import { answer, collect, controls } from "./form-answers.js";
import { applyConditions } from "./form-conditions.js";
import { Evaluator } from "./form-evaluate.js";
import { echo, makeAbsentButtons, makeNarrow, makeNowButtons, note, splitPair, takeBirthDate, writeNow } from "./form-fields.js";
import { KeptForm, say } from "./form-kept.js";
import { listenToKeys } from "./form-keys.js";
import { listenToRows } from "./form-rows.js";
import { Session } from "./form-session.js";
import { weekday } from "./form-text.js";

const RETRY_MS = 2000;

class FormPage {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.fields = /** @type {HTMLElement} */ (form.querySelector("[data-fields]"));
    this.touched = new Set();
    /** @type {"idle" | "asking" | "posting"} */
    this.sending = "idle";
    this.session = new Session(form);
    const answers = () => collect(this.fields);
    this.evaluator = new Evaluator(form.dataset.evaluateUrl ?? "", this.session, answers, (found) => this.show(found));
    this.draft = new Draft(form, this.session, answers, (outcome, more) => this.tell(outcome, more));
    this.status = this.statusElement();
    this.giveKey();
    this.kept = new KeptForm(form, this.fields, (text) => (this.status.textContent = text));
    this.listen();
    this.refresh();
    void this.restore();
  }

  /** What was kept on this machine while the server was away; what was to be handed in then is handed in now. */
  async restore() {
    const outcome = await this.kept.restore();
    if (outcome === "nothing") return;
    this.refresh();
    this.draft.changed();
    const buttons = Array.from(this.form.querySelectorAll("button[name=then], .actions button"));
    const button = buttons.find((one) => one instanceof HTMLButtonElement && one.value === this.kept.then) ?? null;
    if (outcome === "pressed") await this.handIn(/** @type {HTMLButtonElement | null} */ (button));
  }

  listen() {
    this.form.addEventListener("input", (event) => {
      if (!(/** @type {InputEvent} */ (event).isComposing)) this.typed(event.target);
    });
    this.form.addEventListener("compositionend", (event) => this.typed(event.target));
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("focusout", (event) => this.left(event.target));
    this.form.addEventListener("submit", (event) => void this.submit(/** @type {SubmitEvent} */ (event)));
    this.form.addEventListener("click", (event) => this.fill(event.target));
    listenToKeys(this.form, { save: () => this.saveNow(), changed: () => this.changed() });
    listenToRows(this.form, () => this.changed(true));
    window.addEventListener("focus", () => void this.comeBack());
    window.addEventListener("beforeunload", (event) => {
      if (this.draft.dirty && this.draft.url && this.sending !== "posting") event.preventDefault();
    });
  }

  /** @param {EventTarget | null} control */
  typed(control) {
    if (control instanceof HTMLInputElement && control.dataset.kind) {
      makeNarrow(this.fields, control);
      splitPair(this.form, control);
      takeBirthDate(this.form, this.fields, control);
    }
    this.changed();
  }

  changed(rows = false) {
    applyConditions(this.fields, collect(this.fields));
    if (rows) this.makeButtons();
    this.evaluator.soon();
    this.draft.changed();
    this.kept.typed();
  }

  refresh() {
    this.makeButtons();
    for (const control of controls(this.fields)) echo(this.fields, control);
    applyConditions(this.fields, collect(this.fields));
    this.evaluator.soon();
  }

  makeButtons() {
    makeAbsentButtons(this.fields);
    makeNowButtons(this.fields);
  }

  /** @param {EventTarget | null} control */
  left(control) {
    const item = control instanceof HTMLElement ? control.closest("[data-item]") : null;
    if (!(item instanceof HTMLElement)) return;
    this.touched.add(item.dataset.item);
    if (control instanceof HTMLInputElement) echo(this.fields, control);
    this.evaluator.soon();
    this.draft.left();
  }

  /** @param {EventTarget | null} target */
  fill(target) {
    const button = target instanceof Element ? target.closest("button.absent") : null;
    const control = button?.closest(".field")?.querySelector("input");
    if (!control) return;
    if (button?.classList.contains("now")) writeNow(control);
    else control.value = button?.textContent ?? "";
    this.changed();
  }

  /** Calculated values, server-decided visibility, and what is wrong in fields that were left. @param {import("./form-evaluate.js").Evaluation} found */
  show(found) {
    for (const [path, value] of Object.entries(found.calculated)) {
      const output = document.getElementById(idOf(path));
      if (output instanceof HTMLOutputElement) output.textContent = this.written(value, output);
    }
    for (const item of /** @type {NodeListOf<HTMLElement>} */ (this.fields.querySelectorAll("[data-by-server]"))) {
      item.hidden = found.enabled[item.dataset.item ?? ""] === false;
    }
    for (const sign of /** @type {NodeListOf<HTMLElement>} */ (this.fields.querySelectorAll("[data-required]"))) {
      sign.hidden = !found.required?.[sign.dataset.required ?? ""];
    }
    for (const one of found.taken ?? []) this.take(one);
    const wrong = found.faults.filter((fault) => fault.code !== "required");
    for (const item of this.touched) {
      this.mark(item, said(wrong, item));
      const control = document.getElementById(idOf(item));
      if (control instanceof HTMLInputElement) note(control, "doubt", said(found.warnings ?? [], item));
    }
  }

  /** A lunar date: its Gregorian day is shown while it is typed, and written when the field is left. @param {import("./form-evaluate.js").Taken} one */
  take({ path, told, day, answers }) {
    const control = document.getElementById(idOf(path));
    if (!(control instanceof HTMLInputElement) || control.value.trim() !== told) return;
    const isLeft = this.touched.has(path) && document.activeElement !== control;
    if (isLeft) {
      for (const [name, value] of Object.entries(answers)) answer(this.fields, name, value);
      this.changed();
    }
    const shown = `${told} = ${day} ${weekday(day, document.documentElement.lang)}`;
    note(control, "echo", shown);
  }

  /** @param {any} value @param {HTMLOutputElement} output */
  written(value, output) {
    if (value === null || value === undefined) return "";
    const words = JSON.parse(output.dataset.words ?? "{}");
    return words[String(value)] ?? String(value);
  }

  /** @param {string} path @param {string} text */
  mark(path, text) {
    const error = document.getElementById(`${idOf(path)}-error`);
    if (!error) return;
    error.textContent = text;
    error.hidden = text === "";
    error.closest(".field")?.classList.toggle("has-error", text !== "");
    const control = document.getElementById(idOf(path));
    if (control instanceof HTMLInputElement) control.setAttribute("aria-invalid", String(text !== ""));
  }

  saveNow() {
    this.draft.dirty = true;
    void this.draft.save();
  }

  /**
   * First the draft, then the plain post of the page: when the server is away the page keeps what it holds and tries
   * again until the server is back. @param {SubmitEvent} event
   */
  async submit(event) {
    if (this.sending === "posting") return;
    event.preventDefault();
    await this.handIn(event.submitter);
  }

  /** @param {HTMLElement | null} submitter */
  async handIn(submitter) {
    if (this.sending === "asking") return;
    this.sending = "asking";
    for (let found = await this.reaches(); found !== "reached"; found = await this.reaches()) {
      if (found === "out") {
        this.sending = "idle";
        return this.session.focus();
      }
      if (await this.kept.press(submitter)) this.status.textContent = say("sayWillGo", this.kept.pressedAt ?? 0);
      await new Promise((resume) => setTimeout(resume, RETRY_MS));
    }
    this.kept.date();
    this.sending = "posting";
    this.form.requestSubmit(submitter);
    this.sending = "idle";
  }

  /** @returns {Promise<"reached" | "away" | "out">} */
  async reaches() {
    if (this.draft.url) {
      this.draft.dirty = true;
      const outcome = await this.draft.save();
      return outcome === "away" || outcome === "out" ? outcome : "reached";
    }
    const found = await this.evaluator.now();
    if (found !== "reached") this.tell(found, "");
    return found;
  }

  /** The person is back at this window: perhaps she has signed in anew in another. */
  async comeBack() {
    if (this.session.state === "in") return;
    await this.evaluator.now();
    if (this.session.state === "in") this.saveNow();
  }

  /** One key for one filling: pressing twice, or going back, sends it once. */
  giveKey() {
    const names = ["submission", "idempotency_key"];
    if (names.some((name) => this.form.elements.namedItem(name))) return;
    const bytes = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: names[0], value: bytes.join("") });
    this.form.prepend(hidden);
  }

  /** @returns {HTMLElement} */
  statusElement() {
    const there = /** @type {HTMLElement | null} */ (document.querySelector("[data-draft-status], #saved"));
    if (there) return there;
    const made = document.createElement("output");
    made.dataset.draftStatus = "";
    this.form.prepend(made);
    return made;
  }

  /** @param {import("./draft.js").Outcome} outcome @param {string} more when it was saved, or why it was refused */
  tell(outcome, more) {
    if (outcome === "saved") void this.kept.isSafe();
    if (outcome === "away" && this.sending !== "asking") {
      void this.kept.away().then((isKept) => (isKept ? (this.status.textContent = say("sayKept")) : undefined));
    }
    // the browser may be closed before she is back, and what was changed elsewhere is to be seen beside what is here
    if (outcome === "out" || outcome === "stale") void this.kept.write();
    const { sayDraft = "", sayAway = "", sayStale = "" } = this.fields.dataset;
    const refused = [sayStale, more].filter(Boolean).join(" · ");
    this.status.textContent = { saved: `${sayDraft} ${more}`.trim(), away: sayAway, stale: refused, out: say("sayOut") }[outcome];
    this.status.dataset.outcome = outcome;
  }
}

/** What was found at this item, or in one of its several answers. @param {import("./form-evaluate.js").Finding[]} findings @param {string} item */
function said(findings, item) {
  const lang = document.documentElement.lang.startsWith("en") ? "en" : "zh";
  const here = findings.filter(({ path }) => path === item || path.split("[")[0] === item);
  return here.map(({ message }) => message[lang]).join("；");
}

/** @param {string} path */
function idOf(path) {
  return `f-${path.replaceAll("[", "-").replaceAll("].", "-").replaceAll("]", "")}`;
}

for (const form of document.querySelectorAll("form[data-form]")) new FormPage(/** @type {HTMLFormElement} */ (form));
