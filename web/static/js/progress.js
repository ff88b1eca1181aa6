// @ts-check
// How far a batch has come, looked at again while it runs; when it rests or is over, the whole page once.
const LOOK_MS = 1500;

function later() {
  if (document.querySelector('[data-live="goes"]')) setTimeout(look, LOOK_MS);
}

async function look() {
  const shown = document.querySelector('[data-live]');
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => null);
  if (!shown || !answer?.ok) return later();
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-live]');
  if (!(fresh instanceof HTMLElement)) return;
  if (fresh.dataset.live !== 'goes') return location.reload();
  shown.replaceChildren(...fresh.childNodes);
  later();
}

later();
