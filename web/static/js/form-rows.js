// @ts-check
/** Rows of a table come and go in the page; without script the same buttons ask the server. */

/** @param {HTMLFormElement} form @param {() => void} changed */
export function listenToRows(form, changed) {
  form.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button || (button.name !== "_add" && button.name !== "_remove")) return;
    const table = /** @type {HTMLElement | null} */ (button.closest("[data-rows]"));
    if (!table) return;
    event.preventDefault();
    if (button.name === "_add") add(table);
    else remove(table, /** @type {HTMLElement} */ (button.closest("[data-row]")));
    changed();
  });
}

/** @param {HTMLElement} table @returns {HTMLElement[]} */
function rowsOf(table) {
  return Array.from(table.children).filter((child) => child.matches("[data-row]")).map((row) => /** @type {HTMLElement} */ (row));
}

/** @param {HTMLElement} table */
function add(table) {
  const template = /** @type {HTMLTemplateElement} */ (table.querySelector(":scope > template"));
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  const number = rowsOf(table).length;
  replaceEverywhere(row, "__n__", String(number));
  replaceEverywhere(row, "__m__", String(number + 1));
  template.before(row);
  /** @type {HTMLElement | null} */ (row.querySelector("input, select, textarea"))?.focus();
}

/** The rows after it move up, so that their names count from 0 without a gap. @param {HTMLElement} table @param {HTMLElement} row */
function remove(table, row) {
  const name = table.dataset.rows ?? "";
  const rows = rowsOf(table);
  const gone = rows.indexOf(row);
  row.remove();
  rows.slice(gone + 1).forEach((later, offset) => {
    const old = gone + 1 + offset;
    replaceEverywhere(later, `${name}[${old}]`, `${name}[${old - 1}]`);
    replaceEverywhere(later, `f-${name}-${old}`, `f-${name}-${old - 1}`);
    const title = later.querySelector("legend, label");
    if (title) title.textContent = (title.textContent ?? "").replace(/\d+\s*$/, String(old));
  });
  const next = rowsOf(table)[Math.max(0, gone - 1)] ?? table;
  /** @type {HTMLElement | null} */ (next.querySelector("input, select, textarea, button"))?.focus();
}

/** In every attribute and text of the row. @param {HTMLElement} row @param {string} from @param {string} to */
function replaceEverywhere(row, from, to) {
  for (const element of [row, ...row.querySelectorAll("*")]) {
    for (const attribute of element.attributes) attribute.value = attribute.value.replaceAll(from, to);
  }
  const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (text.nodeValue?.includes(from)) text.nodeValue = text.nodeValue.replaceAll(from, to);
  }
}
