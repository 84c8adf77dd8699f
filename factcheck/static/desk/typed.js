/* What somebody types into a form is kept in this tab until the desk has it: a reload, the way back,
   a broken connection and a new sign-in bring it back. The verdict has its own keeper, review.js. */
const PERSON = document.body.dataset.person;
const KEPT = `desk-typed ${PERSON} ${location.pathname}`;
const FIELDS = "form[method=post]:not(#verdict-form) :is(textarea, input[type=text], input[type=url], input[type=radio], input[type=checkbox])";

function read(key = KEPT) {
  return JSON.parse(sessionStorage.getItem(key) ?? "{}");
}

function write(kept, key = KEPT) {
  if (Object.keys(kept).length) sessionStorage.setItem(key, JSON.stringify(kept));
  else sessionStorage.removeItem(key);
}

function isBox(field) {
  return field.type === "radio" || field.type === "checkbox";
}

function nameOf(field) {
  const name = `${new URL(field.form.action).pathname} ${field.name}`;
  return isBox(field) ? `${name}=${field.value}` : name;
}

/* What a field holds, and what it held when the page came. */
function state(field) {
  return isBox(field)
    ? { value: field.checked, was: field.defaultChecked }
    : { value: field.value, was: field.defaultValue };
}

function set(field, value) {
  if (isBox(field)) field.checked = value;
  else field.value = value;
}

/* One radio button that is pressed lets go of another. */
function changedWith(field) {
  if (field.type !== "radio") return [field];
  return fields(field.form).filter((other) => other.name === field.name);
}

function fields(within = document) {
  return [...within.querySelectorAll(FIELDS)];
}

/* Change what is kept of a form: `act` gets all that is kept here and the name of each field. */
function each(form, act) {
  const kept = read();
  for (const field of fields().filter((field) => field.form === form)) act(kept, nameOf(field));
  write(kept);
}

document.addEventListener("input", (event) => {
  if (!PERSON || !event.target.matches?.(FIELDS)) return;
  const kept = read();
  for (const field of changedWith(event.target)) {
    const { value, was } = state(field);
    if (value === was) delete kept[nameOf(field)];
    else kept[nameOf(field)] = { value, was, sent: false };
  }
  write(kept);
});

/* Whether a form that was sent arrived shows the page that comes next. */
document.addEventListener("submit", (event) => {
  each(event.target, (kept, name) => { if (kept[name]) kept[name].sent = true; });
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt } = event.detail.requestConfig;
  const arrived = event.detail.shouldSwap && event.detail.xhr.status < 400;
  each(elt.form ?? elt, (kept, name) => {
    if (arrived) delete kept[name];
    else if (kept[name]) kept[name].sent = false;
  });
});

function putBack() {
  const kept = read();
  const arrived = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  for (const field of fields()) {
    const name = nameOf(field);
    if (arrived && kept[name]?.sent) delete kept[name];
    else if (kept[name] && state(field).value === kept[name].was) {
      set(field, kept[name].value);
      for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    }
  }
  write(kept);
}

/* The sign-in came instead of an answer: nothing that was sent arrived. */
function nothingArrived() {
  for (const key of Object.keys(sessionStorage).filter((key) => key.startsWith("desk-typed "))) {
    const kept = read(key);
    for (const name of Object.keys(kept)) kept[name].sent = false;
    write(kept, key);
  }
}

if (PERSON) putBack();
else nothingArrived();
