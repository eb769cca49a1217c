/* One file: follows it while it moves on, and asks before it is undone or checked again. */

import { announce, fetchDocument, follow, post } from "./api.js";

const dialog = document.getElementById("ask");
const alertBox = document.getElementById("ask-alert");
const confirmButton = document.getElementById("ask-confirm");
let call = null;
let wasUnfolded = false;

async function refresh() {
  const fresh = await fetchDocument(location.pathname);
  const page = fresh?.querySelector(".page");
  if (!page) return;
  const parts = document.querySelector(".page");
  // The open question stays where it is; all else is what the server says now.
  const keeps = document.activeElement?.id;
  page.querySelector("#ask")?.remove();
  for (const child of [...parts.children]) if (child !== dialog) child.remove();
  parts.prepend(...document.adoptNode(page).children);
  if (keeps && !dialog.open) document.getElementById(keeps)?.focus();
  announce(document.querySelector(".banner h2").textContent);
  foldRejected();
}

/** Show the first of the rows set aside; the rest at a click. Without scripts all are shown. */
function foldRejected() {
  const button = document.querySelector("[data-more]");
  if (!button) return;
  const rest = document.getElementById(button.getAttribute("aria-controls"));
  const show = (isOpen) => {
    rest.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    button.textContent = isOpen ? button.dataset.fewer : button.dataset.more;
  };
  show(wasUnfolded);
  button.hidden = false;
  button.addEventListener("click", () => { wasUnfolded = rest.hidden; show(rest.hidden); });
}

function watch() {
  const banner = document.querySelector(".banner[data-live]");
  if (banner) follow(banner.dataset.file, refresh);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-post]");
  if (!button) return;
  call = button.dataset.post;
  document.getElementById("ask-title").textContent = button.dataset.label.replace("…", "?");
  confirmButton.textContent = button.dataset.confirm;
  alertBox.hidden = true;
  tellConsequence(button.dataset);
  dialog.showModal();
});

/** Say what would change: at once what the page knows, or what is worked out for this moment. */
async function tellConsequence({ post: asked, question, consequence }) {
  const place = document.getElementById("ask-question");
  const say = (words) => place.replaceChildren(Object.assign(document.createElement("p"), { textContent: words }));
  confirmButton.disabled = Boolean(consequence);
  if (!consequence) { say(question); return; }
  say("Working out what would change…");
  const told = (await fetchDocument(consequence))?.querySelector(".consequence");
  if (call !== asked) return;
  if (told) place.replaceChildren(document.adoptNode(told));
  else say(question);
  confirmButton.disabled = false;
}

confirmButton.addEventListener("click", async () => {
  confirmButton.disabled = true;
  const fileId = document.querySelector(".banner").dataset.file;
  try {
    const answer = await post(call);
    dialog.close();
    await refresh();
    if (call.endsWith("/undo") && !answer.undoneAt) await untilUndone(fileId);
    else watch();
  } catch (fault) {
    alertBox.textContent = fault.message;
    alertBox.hidden = false;
    confirmButton.disabled = false;
  }
});

/** An undo leaves the file Completed until readers see it: ask, with longer and longer pauses. */
async function untilUndone(fileId) {
  for (let pause = 300; pause < 60000; pause *= 1.4) {
    await new Promise((go) => { setTimeout(go, pause); });
    const response = await fetch(`/analytics/files/${fileId}`).catch(() => null);
    if (response?.ok && (await response.json()).undoneAt) break;
  }
  await refresh();
}

watch();
foldRejected();
