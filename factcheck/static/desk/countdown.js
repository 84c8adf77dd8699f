/* <time data-seconds="1740">: what is left, by the server's clock when it was sent, not by ours.
   The last five minutes are marked; at the end `data-ended` is shown. */
const SOON = 5 * 60;
const started = new WeakMap();

function show(time) {
  if (!started.has(time)) started.set(time, performance.now());
  const left = Math.max(0, Math.round(time.dataset.seconds - (performance.now() - started.get(time)) / 1000));
  time.closest(".tag")?.classList.toggle("overdue", left < SOON);
  const words = left ? inWords(left) : time.dataset.ended;
  if (time.textContent !== words) time.textContent = words;
}

function inWords(seconds) {
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours} h ${pad(minutes)} min` : `${minutes}:${pad(seconds % 60)} min`;
}

setInterval(() => document.querySelectorAll("time[data-seconds]").forEach(show), 1000);
