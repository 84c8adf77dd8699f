/* A control that is refused (aria-disabled) stays readable and reachable, but does nothing.
   <button data-dialog="id"> opens <dialog id="id">; the browser gives the focus back on closing.
   A menu (<details data-menu>) closes when one clicks or goes elsewhere, and by Escape. */
document.addEventListener("click", (event) => {
  if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog).showModal();
  if (event.target.matches("dialog")) event.target.close(); // a click on the backdrop
});

/* Where one is, in a masthead that is longer than the window is wide. */
document.querySelector(".masthead-links [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

for (const menu of document.querySelectorAll("[data-menu]")) {
  const away = (target) => { if (!menu.contains(target)) menu.open = false; };
  document.addEventListener("click", (event) => away(event.target));
  menu.addEventListener("focusout", (event) => { if (event.relatedTarget) away(event.relatedTarget); });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.preventDefault(); // not also the way back, which has the same key
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
