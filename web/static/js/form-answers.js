// @ts-check
/**
 * The answers of a form as its fields hold them at this moment. The page keeps no second copy: what is seen is what is sent.
 * Names: `sbp`, `fhr[0]`, `fetus[1].weight_g`.
 */

const PATH = /^([a-z][a-z0-9_]*)(?:\[(\d+)\])?(?:\.([a-z][a-z0-9_]*))?$/;

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/** The controls of the form that hold answers, in the order of the page. @param {ParentNode} root @returns {Control[]} */
export function controls(root) {
  const all = /** @type {NodeListOf<Control>} */ (root.querySelectorAll("input[name], select[name], textarea[name]"));
  return Array.from(all).filter((control) => control.closest("[data-fields]") && PATH.test(control.name));
}

/** @param {Control} control */
export function isTick(control) {
  return control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio");
}

/** A box among several of one question, so that its answer is a list. @param {Control} control */
export function isOneOfMany(control) {
  return control.type === "checkbox" && control.closest("[data-item]")?.tagName === "FIELDSET";
}

/** @param {ParentNode} root @returns {Record<string, any>} */
export function collect(root) {
  /** @type {Record<string, any>} */
  const answers = {};
  for (const control of controls(root)) {
    const [, name, row, inner] = /** @type {RegExpExecArray} */ (PATH.exec(control.name));
    if (row === undefined) put(answers, name, control);
    else if (inner === undefined) (answers[name] ??= []).push(control.value);
    else put(((answers[name] ??= [])[Number(row)] ??= {}), inner, control);
  }
  return answers;
}

/** @param {Record<string, any>} into @param {string} name @param {Control} control */
function put(into, name, control) {
  const ticked = !isTick(control) || /** @type {HTMLInputElement} */ (control).checked;
  if (!ticked || control.value === "") return;
  if (isOneOfMany(control)) (into[name] ??= []).push(control.value);
  else into[name] = control.value;
}

/** Writes an answer into its field. @param {ParentNode} root @param {string} name @param {string} value */
export function answer(root, name, value) {
  for (const control of controls(root)) {
    if (control.name !== name) continue;
    if (isTick(control)) /** @type {HTMLInputElement} */ (control).checked = control.value === value;
    else control.value = value;
  }
}
