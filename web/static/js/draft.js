// @ts-check
/**
 * Saves what is typed as a draft: one second after the last change, and when a field is left. While the server is away
 * the page keeps everything, says so and tries again; nothing is written to the machine's own storage.
 */

const IDLE_MS = 1000;
const WAITS_MS = [1000, 2000, 5000, 10000, 30000];

/** @typedef {"saved" | "away" | "stale" | "out"} Outcome */

export class Draft {
  /**
   * @param {HTMLFormElement} form @param {import("./form-session.js").Session} session @param {() => Record<string, any>} answers
   * @param {(outcome: Outcome, at: string) => void} tell
   */
  constructor(form, session, answers, tell) {
    this.form = form;
    this.url = form.dataset.draftUrl ?? "";
    this.session = session;
    this.answers = answers;
    this.tell = tell;
    this.dirty = false;
    this.failures = 0;
    /** @type {Promise<Outcome> | null} */
    this.running = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  changed() {
    this.dirty = true;
    this.later(IDLE_MS);
  }

  left() {
    if (this.dirty) this.later(0);
  }

  /** @param {number} ms */
  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), ms);
  }

  /** One save at a time; what changes meanwhile is saved after it. @returns {Promise<Outcome>} */
  async save() {
    clearTimeout(this.timer);
    while (this.running) await this.running;
    if (!this.url || !this.dirty) return "saved";
    this.running = this.put();
    const outcome = await this.running;
    this.running = null;
    if (outcome === "away") this.later(WAITS_MS[Math.min(this.failures++, WAITS_MS.length - 1)]);
    else this.failures = 0;
    return outcome;
  }

  /** @returns {Promise<Outcome>} */
  async put() {
    this.dirty = false;
    const { revision = "0", draftMark } = this.form.dataset;
    const body = JSON.stringify({ answers: this.answers(), revision: Number(revision), over: draftMark });
    try {
      const response = await this.session.ask(this.url, "PUT", body);
      if (response.status >= 500) throw new Error(String(response.status));
      if (!response.ok) {
        this.dirty = true; // nothing of it is stored: leaving the page has to ask
        if (this.session.state !== "in") return this.report("out", "");
        return this.report("stale", await reason(response));
      }
      const { revision, saved_at, mark } = await response.json();
      this.form.dataset.draftMark = mark ?? "";
      this.form.dataset.revision = String(revision);
      const hidden = this.form.elements.namedItem("revision");
      if (hidden instanceof HTMLInputElement) hidden.value = String(revision);
      return this.report("saved", saved_at ?? "");
    } catch {
      this.dirty = true;
      return this.report("away", "");
    }
  }

  /** @param {Outcome} outcome @param {string} more when it was saved, or why it was refused @returns {Outcome} */
  report(outcome, more) {
    this.tell(outcome, more);
    return outcome;
  }
}

/** The server's own sentence, in the language of the page. @param {Response} response */
async function reason(response) {
  const lang = document.documentElement.lang.startsWith("en") ? "en" : "zh";
  try {
    return String((await response.json()).message[lang] ?? "");
  } catch {
    return "";
  }
}
