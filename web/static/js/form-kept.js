// @ts-check
/** A form that outlives the network and the power: kept while the server is away, put back, handed in with its own time. */

import { forget, keep, kept, serverNow } from "./keep.js";

const PAUSE_MS = 1000;

export class KeptForm {
  /** @param {HTMLFormElement} form @param {HTMLElement} fields @param {(text: string) => void} tell */
  constructor(form, fields, tell) {
    this.tell = tell;
    this.form = form;
    this.fields = fields;
    this.id = this.hidden("idempotency_key")?.value ?? this.hidden("submission")?.value ?? "";
    this.path = new URL(form.action, location.href).pathname;
    this.hasDraft = Boolean(form.dataset.draftUrl);
    /** @type {number | null} when it was typed, where that was while the server was away */
    this.typedAt = null;
    /** @type {number | null} when it was to be handed in, while the server was away */
    this.pressedAt = null;
    this.then = "";
    this.isKept = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {string} name @returns {HTMLInputElement | null} */
  hidden(name) {
    const found = this.form.elements.namedItem(name);
    return found instanceof HTMLInputElement ? found : null;
  }

  /** Of the task and its draft as the server had them: what is kept goes back by itself only over these. */
  over() {
    return `${this.form.dataset.revision ?? ""}/${this.form.dataset.draftMark ?? ""}`;
  }

  /** A form of which the server has no draft is written down here as it is typed: the power may go at any moment. */
  typed() {
    if (this.hasDraft) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.write().then((isKept) => isKept && this.tell(say("sayHere", serverNow()))), PAUSE_MS);
  }

  /** The server is away. @returns {Promise<boolean>} whether it is kept on this machine */
  away() {
    if (this.pressedAt === null) this.typedAt = serverNow();
    return this.write();
  }

  /** The button was pressed while the server was away. @param {HTMLElement | null} submitter */
  press(submitter) {
    this.pressedAt ??= serverNow();
    this.then = submitter instanceof HTMLButtonElement ? submitter.value : this.then;
    return this.write();
  }

  async write() {
    const frame = /** @type {HTMLFormElement} */ (this.form.cloneNode(true));
    frame.querySelector("[data-fields]")?.replaceChildren();
    for (const line of frame.querySelectorAll(".kept")) line.remove();
    this.isKept = await keep(this.id, this.path, {
      frame: frame.outerHTML,
      fields: markup(this.fields),
      title: document.querySelector("h1")?.textContent ?? "",
      banner: document.querySelector(".banner")?.outerHTML ?? "",
      about: document.querySelector(".banner__name")?.textContent?.trim() ?? "",
      over: this.over(),
      typedAt: this.typedAt ?? serverNow(),
      isFromAway: this.typedAt !== null,
      pressedAt: this.pressedAt,
      then: this.then,
    });
    return this.isKept;
  }

  /** The server holds it as a draft. */
  async isSafe() {
    if (!this.isKept || this.pressedAt !== null) return;
    this.isKept = false;
    await forget(this.id);
  }

  /** Right before it goes: what was filled in while the server was away counts from then, unless the person says no. */
  date() {
    clearTimeout(this.timer); // nothing is written any more behind what is on its way
    const at = this.pressedAt ?? this.typedAt;
    if (at !== null) this.offer(at);
    if ((this.isKept || !this.hasDraft) && !this.hidden("kept")) { // a writing may still be under way
      this.form.prepend(Object.assign(document.createElement("input"), { type: "hidden", name: "kept", value: this.id }));
    }
  }

  /** The time from which it counts, with a tick that the person may take away. @param {number} at */
  offer(at) {
    if (this.form.querySelector("p.kept")) return;
    const value = new Date(Math.floor(at / 1000) * 1000).toISOString();
    const label = document.createElement("label");
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", name: "entered_at", value, checked: true });
    label.append(tick, ` ${say("sayDated", at)}`);
    const line = Object.assign(document.createElement("p"), { className: "notice notice--warn kept" });
    line.append(label);
    this.fields.before(line);
  }

  /**
   * What was kept of this form on this machine. It is put back by itself where nothing happened to the task meanwhile;
   * else the person is asked. @returns {Promise<"nothing" | "restored" | "pressed">}
   */
  async restore() {
    const found = (await kept()).filter((one) => one.path === this.path).at(-1);
    if (!found) return "nothing";
    const { over, typedAt, pressedAt, then, fields, isFromAway = true } = found.content;
    if (found.id === this.id && !("offline" in document.body.dataset)) {
      Object.assign(this, { typedAt: isFromAway ? typedAt : null, pressedAt, then, isKept: true }); // sent, and refused: what is shown counts
      if (isFromAway || pressedAt !== null) this.offer(pressedAt ?? typedAt);
      return "nothing";
    }
    const isSame = this.over() === over;
    const byItself = isSame && (this.hasDraft || pressedAt !== null || isReloaded());
    if (!byItself && !(await this.ask(found))) return "nothing";
    this.fields.innerHTML = fields; // written by `markup` on this machine, and unsealed with her key
    for (const input of [this.hidden("idempotency_key"), this.hidden("submission")]) if (input) input.value = found.id;
    Object.assign(this, { id: found.id, typedAt, pressedAt, then, isKept: true });
    this.offer(pressedAt ?? typedAt);
    return pressedAt !== null && byItself ? "pressed" : "restored";
  }

  /** Both stay until the person has chosen. @param {import("./keep.js").Kept} found @returns {Promise<boolean>} */
  ask(found) {
    const box = Object.assign(document.createElement("div"), { className: "notice notice--warn" });
    box.setAttribute("role", "alert");
    const isTask = this.hasDraft;
    box.append(Object.assign(document.createElement("p"), { textContent: say(isTask ? "sayConflict" : "sayFound", found.content.typedAt) }));
    return new Promise((resolve) => {
      for (const [word, answer] of /** @type {[string, boolean][]} */ ([["sayUse", true], ["sayDrop", false]])) {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: say(word) });
        button.addEventListener("click", () => {
          box.remove();
          if (!answer) void forget(found.id);
          resolve(answer);
        });
        box.append(button, " ");
      }
      this.form.before(box);
    });
  }
}

/** A sentence of the page, in its language. @param {string} name @param {number} [at] */
export function say(name, at) {
  return (document.body.dataset[name] ?? "").replace("{at}", at === undefined ? "" : civil(at));
}

/** The fields with what is typed in them, as text that gives the same fields again. @param {HTMLElement} fields */
function markup(fields) {
  for (const control of fields.querySelectorAll("input, select, textarea")) {
    if (control instanceof HTMLTextAreaElement) control.textContent = control.value;
    else if (control instanceof HTMLSelectElement) for (const option of control.options) option.toggleAttribute("selected", option.selected);
    else if (control instanceof HTMLInputElement && /checkbox|radio/.test(control.type)) control.toggleAttribute("checked", control.checked);
    else if (control instanceof HTMLInputElement) control.setAttribute("value", control.value);
  }
  return fields.innerHTML;
}

/** As a clock on a wall in China shows it. @param {number} at */
export function civil(at) {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 16).replace("T", " ");
}

function isReloaded() {
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return entry?.type === "reload";
}
