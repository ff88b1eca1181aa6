// @ts-check
// Trying out an expression: the server evaluates it on the variables typed in here. Nothing is stored.

const panel = /** @type {HTMLElement} */ (document.getElementById('try'));
const form = /** @type {HTMLFormElement} */ (panel.querySelector('form'));
const shown = /** @type {HTMLOutputElement} */ (panel.querySelector('output'));
const why = /** @type {HTMLElement} */ (panel.querySelector('ul'));
const lang = document.documentElement.lang === 'en' ? 'en' : 'zh';

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { expression, variables } = fields();
  try {
    const answer = await fetch(form.dataset.address ?? '', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': form.dataset.csrf ?? '' },
      body: JSON.stringify({ expression: expression.value, variables: variables.value }),
    });
    const body = await answer.json();
    if (answer.ok) tell(body.value, body.diagnostics);
    else refuse(body, expression);
  } catch {
    tell(form.dataset.failed ?? '', [], 'bad');
  }
});

function fields() {
  const named = (/** @type {string} */ name) => /** @type {HTMLTextAreaElement} */ (form.elements.namedItem(name));
  return { expression: named('expression'), variables: named('variables') };
}

function tell(/** @type {string} */ text, /** @type {any[]} */ notes, kind = '') {
  shown.value = text;
  shown.dataset.kind = kind;
  why.replaceChildren(...notes.map(line));
}

/** A text that cannot be read: said, and the place in it marked. */
function refuse(/** @type {any} */ body, /** @type {HTMLTextAreaElement} */ expression) {
  tell(body.message[lang], [], 'bad');
  if (body.position === undefined) return;
  const at = unitsBefore(expression.value, body.position);
  expression.focus();
  expression.setSelectionRange(at, at + 1);
}

/** The server counts characters, the browser halves of the rarer ones. */
function unitsBefore(/** @type {string} */ text, /** @type {number} */ characters) {
  return [...text].slice(0, characters).join('').length;
}

function line(/** @type {any} */ note) {
  const item = document.createElement('li');
  const place = (form.dataset.at ?? '').replace('%(n)s', String(note.position + 1));
  item.textContent = `${place}：${note.message[lang]}`;
  return item;
}
