// @ts-check
/** Asks the server what follows from the answers. An answer that was overtaken is thrown away. */

const PAUSE_MS = 120;

/**
 * @typedef {{ path: string, code: string, message: { zh: string, en: string } }} Finding
 * @typedef {{ seq: number, calculated: Record<string, any>, enabled: Record<string, boolean>, required?: Record<string, boolean>, faults: Finding[], warnings?: Finding[], taken?: Taken[] }} Evaluation
 * @typedef {{ path: string, told: string, day: string, answers: Record<string, string> }} Taken a date told in the lunar calendar
 */

export class Evaluator {
  /**
   * @param {string} url @param {import("./form-session.js").Session} session
   * @param {() => Record<string, any>} answers @param {(evaluation: Evaluation) => void} show
   */
  constructor(url, session, answers, show) {
    this.url = url;
    this.session = session;
    this.answers = answers;
    this.show = show;
    this.seq = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.now(), PAUSE_MS);
  }

  /** @returns {Promise<"reached" | "away" | "out">} whether the server could be reached, and knows who asks */
  async now() {
    const seq = ++this.seq;
    try {
      const body = JSON.stringify({ answers: this.answers(), seq });
      const response = await this.session.ask(this.url, "POST", body);
      if (this.session.state !== "in") return "out";
      if (!response.ok) return response.status < 500 ? "reached" : "away";
      const evaluation = /** @type {Evaluation} */ (await response.json());
      if (seq === this.seq) this.show(evaluation);
      return "reached";
    } catch {
      return "away"; // what is typed stays in the page, and the next change asks again
    }
  }
}
