// @ts-check
/** `enableWhen` in the page: what is not asked is hidden at once, and keeps what was typed in case it is asked again. */

/** @typedef {[question: string, operator: string, answer: any]} Condition */

const COMPARE = /** @type {Record<string, (a: any, b: any) => boolean>} */ ({
  "=": (a, b) => a === b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
});

/** @param {Condition} condition @param {Record<string, any>} answers */
export function holds([question, operator, wanted], answers) {
  const given = answers[question];
  const list = Array.isArray(given) ? given : given === undefined || given === "" ? [] : [given];
  if (operator === "exists") return list.length > 0 === wanted;
  const same = list.map((answer) => plain(answer, wanted));
  return operator === "!=" ? !same.includes(wanted) : same.some((answer) => COMPARE[operator](answer, wanted));
}

/** The typed answer as the kind of value it is compared with. @param {any} answer @param {any} wanted */
function plain(answer, wanted) {
  if (typeof wanted === "boolean") return answer === "true";
  return typeof wanted === "number" ? Number(answer) : answer;
}

/** Shows and hides; an answer inside something hidden counts as not given. @param {HTMLElement} fields @param {Record<string, any>} answers */
export function applyConditions(fields, answers) {
  const asked = { ...answers };
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (fields.querySelectorAll("[data-when]"))) {
    const conditions = /** @type {Condition[]} */ (JSON.parse(element.dataset.when ?? "[]"));
    const item = element.dataset.item ?? "";
    const around = item.includes("].") ? rowOf(item, answers) : {};
    const met = conditions.map((condition) => holds(condition, { ...asked, ...around }));
    element.hidden = !(element.dataset.any ? met.some(Boolean) : met.every(Boolean));
    if (element.hidden) for (const inner of within(element)) delete asked[inner];
  }
}

/** @param {string} item @param {Record<string, any>} answers @returns {Record<string, any>} */
function rowOf(item, answers) {
  const found = /^([a-z0-9_]+)\[(\d+)\]\./.exec(item);
  return (found && answers[found[1]]?.[Number(found[2])]) || {};
}

/** @param {HTMLElement} element @returns {string[]} */
function within(element) {
  const items = [element, .../** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-item]"))];
  return items.map((item) => item.dataset.item ?? "");
}
