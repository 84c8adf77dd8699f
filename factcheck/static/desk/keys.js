/* Keys press controls that can also be seen: <button data-key="s">, <a data-key="g q">.
   A field with a key is focused. In a list (data-list), j and k walk its items (data-item).
   None fires while someone types, except Ctrl+Enter, which belongs to the form one types in. */
const PATIENCE = 1200; // milliseconds between the two keys of "g q"

let prefix = "";
let forget = 0;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.repeat && !"jk".includes(event.key)) return;
  const name = keyName(event);
  const typing = isTyping(event.target);
  if (!name || (typing && name !== "Ctrl+Enter") || document.querySelector("dialog[open]")) return;

  const control = visibleControl(prefix ? `${prefix} ${name}` : name, typing ? event.target.form : document);
  clearTimeout(forget);
  prefix = "";
  if (control) {
    event.preventDefault();
    press(control);
  } else if (document.querySelector(`[data-key^="${CSS.escape(name)} "]`)) {
    prefix = name;
    forget = setTimeout(() => { prefix = ""; }, PATIENCE);
  }
});

document.addEventListener("click", (event) => {
  const mover = event.target.closest("[data-move]");
  if (mover) walk(Number(mover.dataset.move));
  if (event.target.closest("[data-open-item]")) items()[place()]?.click();
});

function keyName(event) {
  if (event.altKey || event.metaKey) return "";
  if (event.ctrlKey) return event.key === "Enter" ? "Ctrl+Enter" : "";
  return event.key;
}

function isTyping(element) {
  return element.isContentEditable || element.matches?.("textarea, select, input:not([type=checkbox], [type=radio])");
}

function visibleControl(key, within) {
  const controls = within?.querySelectorAll(`[data-key="${CSS.escape(key)}"]`) ?? [];
  return [...controls].find((control) => control.checkVisibility());
}

function press(control) {
  if (control.matches("input, select, textarea, [data-key-focus]")) {
    control.focus();
    control.scrollIntoView({ block: "nearest" });
  } else {
    control.click();
  }
}

function items() {
  return [...document.querySelectorAll("[data-list] [data-item]")];
}

/* Where one is: in the row of the focused control, else in that of the last item walked to. */
function place() {
  const row = document.activeElement?.closest("[data-list] > *");
  return items().findIndex((item) => row ? row.contains(item) : item === lastItem);
}

let lastItem = null;

function walk(by) {
  const all = items();
  const next = all[Math.min(Math.max(place() + by, 0), all.length - 1)];
  if (!next) return;
  lastItem = next;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
