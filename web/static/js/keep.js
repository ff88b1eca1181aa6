// @ts-check
/**
 * What was typed while the server could not be reached, kept on this machine: in IndexedDB, enciphered with the key that
 * the person's sign-in brings, so that nobody else at the same computer reads it and she does after the power was away.
 * Works only where the browser gives the means (https, or this very machine); elsewhere nothing is kept.
 */

const STORE = "kept";
const KEY = "yuntu-device-key"; // in sessionStorage: for reloading without a network, gone with the tab
const READY = "ready:"; // before the path: a form that nobody has typed into yet, kept so that it opens without a network
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;

/**
 * @typedef {{ banner: string, frame: string, fields: string, title: string, about: string, over: string, typedAt: number, pressedAt: number | null,
 *   then: string, isFromAway?: boolean }} Content whom it is about, the form around its fields, the fields with what is typed; times are the server's, in ms
 * @typedef {{ id: string, account: string, path: string, keptAt: number, iv: Uint8Array<ArrayBuffer>, sealed: ArrayBuffer }} Row
 * @typedef {{ id: string, path: string, content: Content }} Kept
 */

/** Whose the machine's kept forms are, and how much the server's clock is ahead of this one's. */
export const here = takeKey();

function takeKey() {
  const { deviceKey = "", account = "", now = "" } = document.body.dataset;
  if (deviceKey) sessionStorage.setItem(KEY, JSON.stringify({ deviceKey, account, offset: Date.parse(now) - Date.now() }));
  else if (!("offline" in document.body.dataset)) sessionStorage.removeItem(KEY); // nobody is signed in
  const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  const able = Boolean(found && globalThis.indexedDB && globalThis.crypto?.subtle);
  return { able, account: String(found?.account ?? ""), offset: Number(found?.offset ?? 0), key: String(found?.deviceKey ?? "") };
}

/** The server's time now, as far as this machine can tell. */
export function serverNow() {
  return Date.now() + here.offset;
}

/** @returns {Promise<CryptoKey>} */
function key() {
  const bytes = Uint8Array.from(atob(here.key), (char) => char.charCodeAt(0));
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("yuntu", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} ask @returns {Promise<T>} */
async function inStore(mode, ask) {
  const db = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, mode);
      const asked = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    db.close();
  }
}

/** @param {string} id @param {string} path @param {Content} content @returns {Promise<boolean>} whether it is kept now */
export async function keep(id, path, content) {
  if (!here.able) return false;
  try {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), new TextEncoder().encode(JSON.stringify(content)));
    await inStore("readwrite", (store) => store.put({ id, account: here.account, path, keptAt: Date.now(), iv, sealed }));
    return true;
  } catch {
    return false; // the disk is full, or the person forbids it: the page still holds what was typed
  }
}

/** @param {string} id */
export async function forget(id) {
  if (here.able) await inStore("readwrite", (store) => store.delete(id)).catch(() => undefined);
}

/** This person's forms with what was typed, the oldest first. @returns {Promise<Kept[]>} */
export async function kept() {
  return (await hers()).filter((one) => !one.id.startsWith(READY));
}

/** Her forms that are ready to be opened without a network. @returns {Promise<Kept[]>} */
export async function ready() {
  return (await hers()).filter((one) => one.id.startsWith(READY));
}

/** @param {string} path @param {Content} content */
export function keepReady(path, content) {
  return keep(READY + path, path, content);
}

/** @param {string} path */
export function forgetReady(path) {
  return forget(READY + path);
}

/** What cannot be read is left alone, what is old is forgotten. @returns {Promise<Kept[]>} */
async function hers() {
  if (!here.able) return [];
  const rows = /** @type {Row[]} */ (await inStore("readonly", (store) => store.getAll()).catch(() => []));
  const found = [];
  for (const row of rows.sort((a, b) => a.keptAt - b.keptAt)) {
    if (Date.now() - row.keptAt > FORGOTTEN_AFTER_MS) await forget(row.id);
    else if (row.account === here.account) found.push(await unsealed(row));
  }
  return found.filter((one) => one !== null);
}

/** @param {Row} row @returns {Promise<Kept | null>} */
async function unsealed(row) {
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv }, await key(), row.sealed);
    return { id: row.id, path: row.path, content: JSON.parse(new TextDecoder().decode(plain)) };
  } catch {
    return null;
  }
}

/** What the server took is no longer kept: it says so in a cookie that holds nothing but the number of the filling. */
export async function forgetWhatArrived() {
  const found = /(?:^|; )yuntu_taken=([A-Za-z0-9-]{1,100})/.exec(document.cookie);
  if (!found) return;
  await forget(found[1]);
  document.cookie = "yuntu_taken=; Max-Age=0; Path=/; SameSite=Lax";
}
