// @ts-check
/** The page that stands in when a page cannot be fetched: the form that was kept for this address, to go on with. */

import { kept } from "./keep.js";

const found = (await kept()).filter((one) => one.path === location.pathname).at(-1);
const main = document.querySelector("main");
if (found && main) {
  const title = Object.assign(document.createElement("h1"), { textContent: found.content.title, lang: "zh-CN" });
  const status = Object.assign(document.createElement("output"), { className: "saved", id: "saved" });
  main.replaceChildren(title, status);
  main.insertAdjacentHTML("beforebegin", found.content.banner); // never a form without the woman it is about
  main.insertAdjacentHTML("beforeend", found.content.frame); // of this machine, unsealed with her key
  await import("./form.js"); // which fills in what was typed, and goes on trying
}
