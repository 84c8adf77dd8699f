/* The review page: never lose a word, keep the lease while someone types, open what a mark leads to.

   What is typed goes to localStorage at once, and to the server on "s", when the form is left, and
   every minute while it differs from what is saved; when the desk could not be reached, soon again. */
const SAVE_EVERY = 60_000; // milliseconds
const RENEW_EVERY = 60_000;
const RETRY_AFTER = 5_000;
const FIELDS = ["claim_wording", "rating", "summary", "explanation", "correction"];

let saved = ""; // what the server has
let sent = null; // what the save now under way carries
let refused = null; // what the last refused save carried
let again = false; // whether saving was asked for meanwhile
let renewedAt = performance.now();

function form() {
  return document.getElementById("verdict-form");
}

function keptAt() {
  return `desk-draft-${document.getElementById("verdict-panel").dataset.verdict}`;
}

function typed() {
  const data = new FormData(form());
  return JSON.stringify(FIELDS.map((name) => (data.get(name) ?? "").replaceAll("\r\n", "\n")));
}

/* The version that the words were typed over; where two saves meet, the one both started from, until
   what came of them is saved. */
function typedOver() {
  return form().dataset.base ?? form().elements.seq.value;
}

function isDirty() {
  return Boolean(form()) && typed() !== saved;
}

function keep() {
  if (isDirty()) localStorage.setItem(keptAt(), JSON.stringify({ words: typed(), over: saved, seq: typedOver(), at: Date.now() }));
  else localStorage.removeItem(keptAt());
  if (isDirty()) say("Not saved yet; kept in this browser");
}

function say(words) {
  const place = document.querySelector("[data-saved]");
  if (place && place.textContent !== words) place.textContent = words;
}

/* After a refusal a person decides: nothing is saved on top of another's words by itself. */
function save() {
  if (isDirty() && !("refused" in form().dataset)) document.getElementById("verdict-save").click();
}

function putBack(words) {
  const values = JSON.parse(words);
  FIELDS.forEach((name, index) => {
    const field = form().elements[name];
    if (field) field.value = values[index]; // a radio group takes its value, too
  });
  keep();
}

/* What was typed while the save was under way, on top of what came back. */
function putBackSince(words) {
  const now = JSON.parse(words);
  const then = JSON.parse(refused ?? words);
  FIELDS.forEach((name, index) => {
    const field = form().elements[name];
    if (!field || now[index] === then[index]) return;
    field.value = now[index];
    const byHand = form().querySelector(`[name="take-${name}"][value="hand"]`);
    if (byHand) byHand.checked = true;
  });
}

/* Words typed over an older version are saved against it, so that what was saved since meets them. */
function putBackOver(kept) {
  putBack(kept.words);
  if (kept.seq !== undefined) form().elements.seq.value = kept.seq;
  keep();
}

/* A fresh page: put back what an earlier visit could not save, if it was typed over what is saved now;
   else somebody saved meanwhile, and a person decides. */
function offerKept() {
  if (!form()) return;
  if ("refused" in form().dataset) { // it holds what was sent, and is not saved
    keep();
    return;
  }
  saved = typed();
  const kept = JSON.parse(localStorage.getItem(keptAt()) ?? "null");
  if (!kept || kept.words === saved) return;
  if (kept.over === saved) {
    putBack(kept.words);
    say("Your words are back, not saved yet");
    return;
  }
  const notice = document.getElementById("kept-draft");
  const when = new Date(kept.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  notice.append(`Words you typed ${when} were never saved. `, button("Put them back", () => putBackOver(kept)), " ",
    button("Forget them", () => localStorage.removeItem(keptAt())));
  notice.hidden = false;

  function button(label, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button button-small";
    made.textContent = label;
    made.addEventListener("click", () => { act(); notice.hidden = true; });
    return made;
  }
}

document.addEventListener("input", (event) => {
  if (event.target.form?.id === "verdict-form") keep();
});

/* Whoever types, reads on or points is at work; whoever only leaves the page open is not. */
for (const use of ["keydown", "pointerdown", "wheel", "touchmove"]) document.addEventListener(use, stayHolder, { passive: true });

function stayHolder() {
  const lease = document.querySelector("[data-lease]");
  if (lease && performance.now() - renewedAt > RENEW_EVERY) {
    renewedAt = performance.now();
    lease.dispatchEvent(new Event("renew"));
  }
}

document.addEventListener("focusout", (event) => {
  const left = event.target.form?.id === "verdict-form" && !form()?.contains(event.relatedTarget);
  if (left) save();
});

document.addEventListener("reconciled", keep);

setInterval(save, SAVE_EVERY);

/* The answer brings a new button and a new number of the version, so a save that is asked for while
   one is under way waits for them. */
document.addEventListener("htmx:confirm", (event) => {
  if (event.target.id !== "verdict-save" || sent === null) return;
  event.preventDefault();
  again = true;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "verdict-save") sent = typed();
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { requestConfig, xhr } = event.detail;
  if (requestConfig.elt.id !== "verdict-save") return;
  if (xhr.status === 200 && !signedOut(xhr)) return;
  refused = sent;
  sent = null;
  again = false;
  if (xhr.status) return; // the desk answered: a person decides what next
  say("Not saved: the desk cannot be reached. It is tried again");
  setTimeout(save, RETRY_AFTER);
});

addEventListener("online", save);

function signedOut(xhr) {
  return new URL(xhr.responseURL, location).pathname === "/sign-in/";
}

/* Before the swap, not after: taking the pressed button out of the page takes the focus with it, and
   leaving the form would save once more. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { shouldSwap, target, xhr } = event.detail;
  if (shouldSwap && target.id === "verdict-state" && xhr.status === 200) saved = sent;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "verdict-state" && event.detail.xhr.status === 200) {
    delete form().dataset.refused;
    delete form().dataset.base;
    sent = null;
    keep();
    if (again) save();
    again = false;
  }
  if (event.detail.target.id === "verdict-panel" && form()) {
    // Refused: the form holds what was sent; what was typed since is put back on top.
    saved = "";
    const kept = JSON.parse(localStorage.getItem(keptAt()) ?? "null");
    if (kept) putBackSince(kept.words);
    keep();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-drop-draft]")) localStorage.removeItem(keptAt());
  const link = event.target.closest('a[href^="#"]');
  const goal = link && document.getElementById(link.hash.slice(1));
  if (goal?.matches("details")) {
    goal.open = true;
    goal.querySelector("summary").focus();
  } else if (goal && link.closest(".review-jump")) {
    goal.querySelectorAll("details.evidence-add").forEach((details) => { details.open = true; });
    const first = goal.querySelector(".evidence-add input:not([type=hidden])") ?? goal.querySelector("textarea, input:not([type=hidden]), summary, a, button");
    event.preventDefault(); // to follow the link would take the focus away again
    history.replaceState(null, "", link.hash);
    first?.focus({ preventScroll: true });
    goal.scrollIntoView();
  }
});

/* The preview of the public page is drawn a moment after the last key, while it is open. */
const DRAW_AFTER = 600;
let drawing = 0;

function draw() {
  const place = document.getElementById("preview");
  if (form() && place?.closest("details").open) place.dispatchEvent(new Event("preview"));
}

function drawSoon() {
  clearTimeout(drawing);
  drawing = setTimeout(draw, DRAW_AFTER);
}

document.addEventListener("input", (event) => {
  if (event.target.form?.id === "verdict-form") drawSoon();
});

document.addEventListener("toggle", (event) => {
  if (event.target.id === "preview-panel") draw();
}, true);

document.addEventListener("click", (event) => {
  const panel = event.target.closest("[data-preview]") && document.getElementById("preview-panel");
  if (!panel) return; // without it the button opens the preview in a page of its own
  event.preventDefault();
  if (panel.open) draw();
  panel.open = true;
  panel.scrollIntoView({ block: "nearest" });
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "evidence-panel") draw();
});

offerKept();

/* The article begins where the claim stands in it, if it scrolls in a panel of its own. */
function showClaim() {
  const scroller = document.querySelector(".review-article");
  const claim = scroller?.querySelector(".mark-claim:not(.legend *)");
  if (!claim || scroller.scrollHeight <= scroller.clientHeight) return;
  const top = scroller.getBoundingClientRect().top;
  const seen = Math.min(scroller.clientHeight, window.innerHeight - top); // as long as nobody scrolls the page
  scroller.scrollTop += claim.getBoundingClientRect().top - top - seen / 3;
}

showClaim();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "article-panel" && !event.detail.requestConfig.elt.closest("form")) showClaim();
});

/* Forms beside the editor name the version that it is on: after each save, the new one. */
document.addEventListener("htmx:afterSettle", () => {
  const seq = document.querySelector("#verdict-form [name=seq]")?.value;
  if (seq) for (const field of document.querySelectorAll("[data-seq]")) field.value = seq;
});
