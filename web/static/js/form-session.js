// @ts-check
/** The sign-in may end while a form is open: what is typed stays in the page until the same person has signed in again. */

import { say } from "./form-kept.js";

export class Session {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    /** @type {"in" | "out" | "other"} */
    this.state = "in";
    this.headers = { "Content-Type": "application/json", "X-CSRF-Token": form.dataset.csrf ?? "" };
    /** @type {HTMLElement | null} */
    this.notice = null;
  }

  /** Asks in the name of the person of this page, also after she has signed in anew in another window.
   * @param {string} url @param {string} method @param {string} body @returns {Promise<Response>} */
  async ask(url, method, body) {
    const send = () => fetch(url, { method, headers: this.headers, body });
    let response = await send();
    if (response.status === 403 && (await this.renewed())) response = await send();
    if (response.status === 401) this.state = "out";
    else if (response.status !== 403) this.state = "in";
    this.show();
    return response;
  }

  /** Whether this page goes on with the token of a newer sign-in: of the same person, nobody else's. */
  async renewed() {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector("input[name=csrf]")?.getAttribute("value");
    const account = page.body.dataset.account;
    if (!account || !token || token === this.headers["X-CSRF-Token"]) return false;
    this.state = account === document.body.dataset.account ? "in" : "other";
    if (this.state === "other") return false;
    this.headers["X-CSRF-Token"] = token;
    for (const field of document.querySelectorAll("input[name=csrf]")) if (field instanceof HTMLInputElement) field.value = token;
    return true;
  }

  /** Says what happened, and leads to the sign-in in a window of its own: this page stays as it is. It stands behind the
   * form: nothing moves away under a finger that is about to choose. */
  show() {
    if (this.state === "in") {
      this.notice?.remove();
      this.notice = null;
      return;
    }
    const words = say(this.state === "out" ? "sayOut" : "sayOther");
    if (this.notice?.firstChild?.textContent === words) return;
    this.notice?.remove();
    const link = Object.assign(document.createElement("a"), { className: "button", href: "/sign-in", target: "_blank", rel: "noopener", textContent: say("saySignIn") });
    this.notice = Object.assign(document.createElement("div"), { className: "notice notice--warn" });
    this.notice.setAttribute("role", "alert");
    this.notice.append(Object.assign(document.createElement("p"), { className: "notice__title", textContent: words }), link);
    this.form.after(this.notice);
  }

  /** To where the person signs in again. */
  focus() {
    this.notice?.scrollIntoView({ block: "center" });
    this.notice?.querySelector("a")?.focus();
  }
}
