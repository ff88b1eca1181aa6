// @ts-check
/** What people type, made plain: full-width digits, dates in several forms, blood pressure in one go. */

const WEEKDAYS = { zh: [..."日一二三四五六"].map((day) => `周${day}`), en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] };

/** １５０ → 150, 。 → . @param {string} text */
export function narrow(text) {
  return text
    .replace(/[！-～]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/　/g, " ")
    .replace(/。/g, ".");
}

/** A document's number as it is pasted, without the gaps between its groups: 999999 19970615 0027. @param {string} text */
export function gapless(text) {
  return narrow(text).replace(/[\s\u200b\ufeff]+/g, "");
}

/**
 * 20260110, 2026-1-10, 2026年1月10日, 260110, 0110 (this year), -7 (days ago). Null when it is no day.
 * @param {string} typed @param {string} today ISO @returns {string | null} ISO
 */
export function readDate(typed, today) {
  const text = narrow(typed).trim();
  const thisYear = Number(today.slice(0, 4));
  let found = /^([+-]\d{1,3})$/.exec(text);
  if (found) return shifted(today, Number(found[1]));
  found = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (found) return iso(Number(found[1]), Number(found[2]), Number(found[3]));
  found = /^(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (found) {
    const year = 2000 + Number(found[1]);
    return iso(year <= thisYear + 1 ? year : year - 100, Number(found[2]), Number(found[3]));
  }
  found = /^(\d{2})(\d{2})$/.exec(text);
  return found ? iso(thisYear, Number(found[1]), Number(found[2])) : null;
}

/** 周六, or Sat on an English page. @param {string} day ISO @param {string} lang of the page */
export function weekday(day, lang) {
  return WEEKDAYS[lang.startsWith("en") ? "en" : "zh"][new Date(`${day}T00:00:00Z`).getUTCDay()];
}

/** `150/90` → ["150", "90"]; also while the second half is still being typed. @param {string} typed */
export function splitPressure(typed) {
  const found = /^\s*(\d{2,3})\s*\/\s*(\d{0,3})\s*$/.exec(narrow(typed));
  return found ? [found[1], found[2]] : null;
}

/** @param {number} year @param {number} month @param {number} day */
function iso(year, month, day) {
  const at = new Date(Date.UTC(year, month - 1, day));
  const text = at.toISOString().slice(0, 10);
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day ? text : null;
}

/** @param {string} today @param {number} days */
function shifted(today, days) {
  const at = new Date(`${today}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}
