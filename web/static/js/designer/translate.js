// @ts-check
// The words of the drawing board. Whatever has no Chinese is written down at the board, where a test looks.
import { chinese } from '../../vendor/designer.mjs';
import { OURS } from './chinese.js';

export function translation(/** @type {string} */ lang, /** @type {HTMLElement} */ board) {
  const words = { ...chinese, ...OURS };
  const missing = new Set();
  const translate = (/** @type {string} */ template, /** @type {Record<string, string>} */ values = {}) => {
    let text = template;
    if (lang === 'zh') {
      text = /** @type {Record<string, string>} */ (words)[template];
      if (text === undefined) {
        text = template;
        missing.add(template);
        board.dataset.untranslated = JSON.stringify([...missing]);
      }
    }
    return text.replace(/{([^}]+)}/g, (whole, name) => values[name] ?? whole);
  };
  return { translate: ['value', translate] };
}
