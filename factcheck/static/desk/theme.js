/* Runs before the first paint: a theme chosen by hand outranks the system's. */
"use strict";
(() => {
  const KEY = "desk-theme";
  const root = document.documentElement;
  const kept = localStorage.getItem(KEY);
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-switch]");
    if (!button) return;
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const chosen = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    root.dataset.theme = chosen;
    localStorage.setItem(KEY, chosen);
  });
})();
