/* One file: asks before it is undone or checked again. htmx puts in place what the server says of it. */

import { announce, ask, post, tellFault } from "./api.js";
import { said } from "./words.js";

const dialog = document.getElementById("ask");
const alertBox = document.getElementById("ask-alert");
const confirmButton = document.getElementById("ask-confirm");
const question = document.getElementById("ask-question");
let call = null;
let wasUnfolded = false;

/** Put the page's parts in place anew; who stood on one of them goes on at the result. */
async function refresh() {
  const stoodThere = document.querySelector(".page").contains(document.activeElement);
  await htmx.ajax("GET", location.pathname, { target: ".page", select: ".page", swap: "outerHTML" });
  if (!stoodThere || document.activeElement !== document.body) return;
  const result = document.querySelector(".banner h2");
  result.tabIndex = -1;
  result.focus();
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

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!target.matches?.(".page")) return;
  announce(document.querySelector(".banner h2").textContent);
  foldRejected();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-post]");
  if (!button) return;
  call = button.dataset.post;
  document.getElementById("ask-title").textContent = said.asked(button.dataset.label);
  confirmButton.textContent = button.dataset.confirm;
  alertBox.hidden = true;
  tellConsequence(button.dataset);
  dialog.showModal();
});

/** Say what would change: at once what the page knows, or what is worked out for this moment. */
async function tellConsequence({ post: asked, question: words, consequence }) {
  const say = (text) => question.replaceChildren(Object.assign(document.createElement("p"), { textContent: text }));
  confirmButton.disabled = Boolean(consequence);
  if (!consequence) { say(words); return; }
  say(said.workingOut);
  await htmx.ajax("GET", consequence, { target: question, swap: "innerHTML" });
  if (call !== asked) return;
  if (!question.querySelector(".consequence")) say(words);
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
  } catch (fault) {
    tellFault(alertBox, fault);
    alertBox.hidden = false;
    confirmButton.disabled = false;
  }
});

/** An undo leaves the file Completed until readers see it: ask, with longer and longer pauses. */
async function untilUndone(fileId) {
  for (let pause = 300; pause < 60000; pause *= 1.4) {
    await new Promise((go) => { setTimeout(go, pause); });
    const file = await ask(`/analytics/files/${fileId}`).catch(() => null);
    if (file?.undoneAt) break;
  }
  await refresh();
}

foldRejected();
const undoing = document.querySelector(".banner[data-undoing]");
if (undoing) untilUndone(undoing.dataset.file);
