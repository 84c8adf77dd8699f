/* Comments: words selected in article or verdict are filled in, and names are offered after an @.
   The names stand in the page, as <datalist id="colleagues">; nothing is asked of the desk. */
const OFFERED = 6;

let field = null; // the textarea whose name is being typed
let box = null; // the list below it
let chosen = 0;

document.addEventListener("click", (event) => {
  const pressed = event.target.closest('[data-key="c"]');
  if (!pressed) return;
  fillIn();
  if (pressed.matches("button")) document.getElementById("comment-form")?.elements.body.focus();
});

function fillIn() {
  const selection = getSelection();
  const passage = selection.anchorNode?.parentElement?.closest(".article-text, [data-about]");
  const words = selection.toString().trim();
  const form = document.getElementById("comment-form");
  if (!passage || !words || !form) return;
  for (const [name, value] of [["about", passage.dataset.about ?? "article"], ["quote", words]]) {
    form.elements[name].value = value;
    form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/* The name being typed just before the caret, without its @; null if there is none. */
function begun(textarea) {
  return textarea.value.slice(0, textarea.selectionStart).match(/(?<![\w.+@-])@([\w.+@-]*)$/u)?.[1] ?? null;
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("#comments-panel textarea")) offer(event.target);
});

function offer(textarea) {
  close();
  const name = begun(textarea)?.toLowerCase();
  if (name === undefined) return;
  const people = [...document.querySelectorAll("#colleagues option")].filter((person) =>
    person.value.toLowerCase().startsWith(name) || ` ${person.label}`.toLowerCase().includes(` ${name}`)).slice(0, OFFERED);
  if (!people.length) return;
  field = textarea;
  box = document.createElement("ul");
  box.id = "mention-list";
  box.className = "mentions";
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Colleagues");
  box.append(...people.map((person, index) => {
    const item = document.createElement("li");
    item.id = `mention-${index}`;
    item.setAttribute("role", "option");
    item.dataset.name = person.value;
    item.textContent = `@${person.value} ${person.label}`;
    return item;
  }));
  field.after(box);
  field.setAttribute("aria-controls", box.id);
  choose(0);
}

function choose(index) {
  const items = [...box.children];
  chosen = (index + items.length) % items.length;
  items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
  field.setAttribute("aria-activedescendant", items[chosen].id);
}

function take(name) {
  const textarea = field;
  const end = textarea.selectionStart;
  textarea.setRangeText(`${name} `, end - begun(textarea).length, end, "end");
  close();
  textarea.focus();
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
}

function close() {
  box?.remove();
  field?.removeAttribute("aria-activedescendant");
  field?.removeAttribute("aria-controls");
  box = field = null;
}

document.addEventListener("keydown", (event) => {
  if (!box || event.target !== field) return;
  const act = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen - 1),
    Enter: () => take(box.children[chosen].dataset.name),
    Escape: close,
  }[event.ctrlKey ? "" : event.key];
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}, true);

/* Before the field loses the focus to the list. */
document.addEventListener("pointerdown", (event) => {
  const item = event.target.closest(".mentions [role=option]");
  if (!item) return;
  event.preventDefault();
  take(item.dataset.name);
});

document.addEventListener("focusout", (event) => {
  if (event.target === field) close();
});
