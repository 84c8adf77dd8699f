/* The focus is never lost: in a list it returns to the item one came from, and in a fragment that was
   replaced it stays where it was, or goes to the heading. */
const PLACE = `desk-place ${location.pathname}`;

document.addEventListener("click", (event) => {
  const item = event.target.closest("[data-list] a[data-item]");
  if (item) sessionStorage.setItem(PLACE, item.getAttribute("href"));
});

function returnToPlace() {
  const left = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  const item = left && document.querySelector(`[data-list] a[data-item][href="${CSS.escape(left)}"]`);
  if (item && document.activeElement === document.body) item.focus();
}

let held = null; // where the focus was in what is being replaced

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, shouldSwap } = event.detail;
  const focused = document.activeElement;
  held = shouldSwap && target.contains(focused) ? { panel: target.id, id: focused.id } : null;
});

document.addEventListener("htmx:afterSettle", () => {
  if (!held || document.activeElement !== document.body) return;
  const panel = document.getElementById(held.panel);
  const goal = (held.id && document.getElementById(held.id)) || panel?.querySelector("h1, h2, summary");
  held = null;
  if (!goal) return;
  if (goal.matches("h1, h2")) goal.tabIndex = -1;
  goal.focus({ preventScroll: true });
});

returnToPlace();
