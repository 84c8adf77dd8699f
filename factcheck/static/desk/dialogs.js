/* <button data-dialog="id"> opens <dialog id="id">; the browser gives the focus back on closing. */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog).showModal();
  if (event.target.matches("dialog")) event.target.close(); // a click on the backdrop
});
