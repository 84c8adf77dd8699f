/* Where two saves meet: the keys m and t answer one field after the other, and the text below shows at
   once what will stand. Whoever writes into it decides by hand. Without a script the desk does the same
   when the form is sent. */

function asked() {
  return [...document.querySelectorAll("#verdict-form [data-asked]")];
}

function isOpen(field) {
  return !field.querySelector("input[type=radio]:checked");
}

/* The keys belong to the first field that nobody has answered. */
function giveKeys() {
  const current = asked().find(isOpen);
  for (const field of asked()) {
    field.toggleAttribute("data-current", field === current);
    for (const label of field.querySelectorAll("[data-take]")) {
      if (field === current) label.dataset.key = label.dataset.take;
      else delete label.dataset.key;
    }
  }
  return current;
}

function goOn() {
  const next = giveKeys() ?? document.getElementById("verdict-save");
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: next.matches("button") ? "nearest" : "start" });
}

function show(name, value) {
  const form = document.getElementById("verdict-form");
  form.elements[name].value = value; // a radio group takes its value, too
  form.dispatchEvent(new CustomEvent("reconciled", { bubbles: true }));
}

document.addEventListener("change", (event) => {
  const field = event.target.closest?.("[data-asked]");
  if (!field) return;
  const { form, value } = event.target;
  const name = field.dataset.asked;
  if (value !== "hand") show(name, form.elements[`${value}-${name}`].value);
  giveKeys();
});

/* A key, or a press on the words beside the circle, goes on to the next; the arrows stay. */
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-take]") && !event.target.matches("input")) setTimeout(goOn);
});

document.addEventListener("input", (event) => {
  const { form, name } = event.target;
  const byHand = form?.id === "verdict-form" && form.querySelector(`[name="take-${CSS.escape(name)}"][value="hand"]`);
  if (!byHand || byHand.checked) return;
  byHand.checked = true;
  giveKeys();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "verdict-panel" && document.getElementById("reconciling")) goOn();
  if (event.detail.target.id === "verdict-state" && event.detail.xhr.status === 200) finish();
});

/* Saved: what was asked is answered, and the form is an ordinary one again. */
function finish() {
  document.getElementById("reconciling")?.remove();
  document.querySelector("#verdict-panel > .notice[role=alert]")?.remove();
  for (const part of document.querySelectorAll("#verdict-form .meeting, #verdict-form [name=base]")) part.remove();
}

if (document.getElementById("reconciling")) goOn();
