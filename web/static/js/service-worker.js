// @ts-check
/**
 * Lets a page be opened again without a network: it keeps the scripts and styles, which hold nothing about anybody, and one
 * empty page that stands in for those that cannot be fetched. Pages about women are kept by no browser.
 */

const worker = /** @type {any} */ (self);
const CACHE = `yuntu-${worker.BUILD}`;

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(worker.SHELL)).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const old = (/** @type {string[]} */ names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const isPart = request.method === "GET" && worker.SHELL.includes(new URL(request.url).pathname);
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => caches.match(worker.SHELL[0])));
  else if (isPart) event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreSearch: true })));
});
