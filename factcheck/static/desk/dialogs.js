/* A control that is refused (aria-disabled) stays readable and reachable, but does nothing.
   <button data-dialog="id"> opens <dialog id="id">; the browser gives the focus back on closing. */
document.addEventListener("click", (event) => {
  if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog).showModal();
  if (event.target.matches("dialog")) event.target.close(); // a click on the backdrop
});
