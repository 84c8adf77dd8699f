/* When an answer does not come, or is not the one asked for, say so and leave the page as it is. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (new URL(xhr.responseURL, location).pathname !== "/sign-in/") return;
  event.detail.shouldSwap = false;
  tell("You are signed out. Nothing was changed and your words are still here: sign in in another tab, then try again.");
});

document.addEventListener("htmx:sendError", () => {
  tell("The desk cannot be reached. Nothing was changed and your words are still here.");
});

document.addEventListener("htmx:responseError", (event) => {
  tell(`That did not work (${event.detail.xhr.status}). Nothing was changed and your words are still here.`);
});

document.addEventListener("htmx:beforeRequest", forget);

function tell(words) {
  const notice = document.createElement("p");
  notice.className = "notice overdue";
  notice.dataset.told = "";
  const icon = document.createElement("span");
  icon.className = "icon icon-warning";
  icon.setAttribute("aria-hidden", "true");
  notice.append(icon, ` ${words}`);
  forget();
  const notices = document.getElementById("notices");
  notices.append(notice);
  notices.scrollIntoView({ block: "nearest" });
}

function forget() {
  document.querySelector("#notices [data-told]")?.remove();
}
