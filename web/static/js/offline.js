// @ts-check
/** The page that stands in when a page cannot be fetched: the form that is kept for this address, to go on with or begin. */

import { kept, ready } from "./keep.js";

const typed = (await kept()).filter((one) => one.path === location.pathname).at(-1);
const waiting = await ready();
const found = typed ?? waiting.find((one) => one.path === location.pathname);
const main = document.querySelector("main");
if (found && main) {
  const title = Object.assign(document.createElement("h1"), { textContent: found.content.title, lang: "zh-CN" });
  const status = Object.assign(document.createElement("output"), { className: "saved", id: "saved" });
  main.replaceChildren(title, status);
  main.insertAdjacentHTML("beforebegin", found.content.banner); // never a form without the woman it is about
  main.insertAdjacentHTML("beforeend", found.content.frame); // of this machine, unsealed with her key
  await import("./form.js"); // which fills in what was typed, and goes on trying
} else if (waiting.length) listReady();

function listReady() {
  const list = document.querySelector("#ready");
  if (!(list instanceof HTMLElement)) return;
  for (const one of waiting) {
    const text = `${one.content.title} ${one.content.about}`.trim();
    const line = document.createElement("p");
    line.append(Object.assign(document.createElement("a"), { href: one.path, textContent: text, lang: "zh-CN" }));
    list.append(line);
  }
  list.hidden = false;
}
