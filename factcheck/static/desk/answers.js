/* When an answer does not come, or is not the one asked for, say so and leave the page as it is.
   What is polled keeps quiet: nobody asked. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!signedOut(xhr)) return;
  event.detail.shouldSwap = false;
  const link = document.createElement("a");
  link.href = xhr.responseURL; // it names this page as the one to come back to
  link.textContent = "Sign in again";
  tell("You are signed out. Nothing was changed and your words are kept: ", link, ", and you come back here with them.");
});

document.addEventListener("htmx:sendError", (event) => {
  if (isPolled(event)) return;
  tell("The desk cannot be reached. Nothing was changed and your words are still here.");
});

document.addEventListener("htmx:responseError", (event) => {
  if (isPolled(event)) return;
  tell(`That did not work (${event.detail.xhr.status}). Nothing was changed and your words are still here.`);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { successful, xhr } = event.detail;
  if (successful && !signedOut(xhr) && !isPolled(event)) forget();
});

function signedOut(xhr) {
  return new URL(xhr.responseURL, location).pathname === "/sign-in/";
}

function isPolled(event) {
  return "poll" in event.detail.requestConfig.elt.dataset;
}

/* Said again, it stays as it is: somebody may be typing. */
function tell(...parts) {
  const notice = document.createElement("p");
  notice.className = "notice overdue";
  notice.dataset.told = "";
  const icon = document.createElement("span");
  icon.className = "icon icon-warning";
  icon.setAttribute("aria-hidden", "true");
  const words = document.createElement("span");
  words.append(...parts);
  notice.append(icon, words);
  const told = document.querySelector("#notices [data-told]");
  if (told?.textContent === notice.textContent) return;
  forget();
  const notices = document.getElementById("notices");
  notices.append(notice);
  notices.scrollIntoView({ block: "nearest" });
}

function forget() {
  document.querySelector("#notices [data-told]")?.remove();
}
