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
   * @param {string} url @param {Record<string, string>} headers
   * @param {() => Record<string, any>} answers @param {(evaluation: Evaluation) => void} show
   */
  constructor(url, headers, answers, show) {
    this.url = url;
    this.headers = headers;
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

  /** Answers whether the server could be reached. @returns {Promise<boolean>} */
  async now() {
    const seq = ++this.seq;
    try {
      const body = JSON.stringify({ answers: this.answers(), seq });
      const response = await fetch(this.url, { method: "POST", headers: this.headers, body });
      if (!response.ok) return response.status < 500;
      const evaluation = /** @type {Evaluation} */ (await response.json());
      if (seq === this.seq) this.show(evaluation);
      return true;
    } catch {
      return false; // what is typed stays in the page, and the next change asks again
    }
  }
}
