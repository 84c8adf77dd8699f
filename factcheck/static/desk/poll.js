/* [data-poll] is asked for again every half minute, and when somebody comes back to the page; never
   while nobody looks at it. */
const EVERY = 30_000; // milliseconds

function poll() {
  if (document.hidden || !navigator.onLine) return;
  document.querySelectorAll("[data-poll]").forEach((part) => part.dispatchEvent(new Event("poll")));
}

setInterval(poll, EVERY);
document.addEventListener("visibilitychange", poll);
addEventListener("pageshow", (event) => { if (event.persisted) poll(); });
