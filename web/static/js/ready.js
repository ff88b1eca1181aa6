// @ts-check
/**
 * The forms of the tasks that a person has claimed, fetched before the network goes: enciphered with her key as what is
 * typed is. Each version of a task is fetched once; what she no longer holds is forgotten.
 */

import { forgetReady, here, keepReady, ready, serverNow } from "./keep.js";

/** @type {[string, number][]} address and revision of each task that she holds */
const held = JSON.parse(document.querySelector("[data-ready]")?.getAttribute("data-ready") ?? "[]");

async function makeReady() {
  const known = new Map((await ready()).map((one) => [one.path, one.content.over]));
  const paths = new Set(held.map(([path]) => path));
  for (const path of known.keys()) if (!paths.has(path)) await forgetReady(path);
  for (const [path, revision] of held) if (known.get(path) !== String(revision)) await take(path, String(revision));
}

/** @param {string} path @param {string} revision */
async function take(path, revision) {
  const answer = await fetch(`${path}?ready=1`);
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.querySelector("form[data-form]");
  if (!form) return;
  const banner = page.querySelector(".banner");
  await keepReady(path, {
    frame: form.outerHTML,
    fields: "",
    title: page.querySelector("h1")?.textContent ?? "",
    banner: banner?.outerHTML ?? "",
    about: page.querySelector(".banner__name")?.textContent?.trim() ?? "",
    over: revision,
    typedAt: serverNow(),
    pressedAt: null,
    then: "",
  });
}

if (here.able) {
  await makeReady().catch(() => undefined); // the network is away already: what is here stays
  document.body.dataset.madeReady = "";
}
