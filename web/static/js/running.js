// A clock on the page, by the server's time: minutes and seconds since a decision, coloured at the warning and the target.

const pad = (n) => String(n).padStart(2, "0");

for (const clock of document.querySelectorAll("[data-running]")) {
  const since = Date.parse(clock.dataset.since);
  const warn = Date.parse(clock.dataset.warn);
  const target = Date.parse(clock.dataset.target);
  const ahead = Date.parse(clock.dataset.now) - Date.now();
  const shown = clock.querySelector("[data-elapsed]");
  const tick = () => {
    const now = Date.now() + ahead;
    const seconds = Math.max(0, Math.floor((now - since) / 1000));
    shown.textContent = `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
    clock.className = `running badge badge--${now >= target ? "overdue" : now >= warn ? "soon" : "open"}`;
  };
  tick();
  setInterval(tick, 1000);
}
