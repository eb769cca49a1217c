/* API keys: made, rotated and revoked by the public API; a key's text is shown once. */

import { post, remove, tellFault } from "./api.js";
import { returnTo } from "./returning.js";
import { said } from "./words.js";

const form = document.getElementById("new-key-form");
const making = document.getElementById("new-key");
const asking = document.getElementById("ask-key");
const made = document.getElementById("made-key");
const newKey = '[data-open="new-key"]';
let confirmed = null;
let madeFrom = newKey;

/** Show the key's text; `from` finds the button that asked for it. */
function showMade(answer, words, from) {
  madeFrom = from;
  made.querySelector("[data-words]").textContent = words;
  document.getElementById("key-text").textContent = answer.apiKey;
  made.showModal();
}

function tell(dialog, fault) {
  const box = dialog.querySelector("[data-alert]");
  tellFault(box, fault);
  box.hidden = !fault;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  tell(making, null);
  try {
    const fields = new FormData(form);
    const days = Number(fields.get("days"));
    const answer = await post("/analytics/keys", {
      name: fields.get("name").trim(),
      scopes: fields.get("scopes").split(" "),
      ...(days && { expiresAt: new Date(Date.now() + days * 86400e3).toISOString() }),
    });
    making.close();
    showMade(answer, said.keyMade, newKey);
  } catch (fault) {
    tell(making, fault);
  }
});

function ask({ title, question, confirm }, work) {
  tell(asking, null);
  document.getElementById("ask-key-title").textContent = title;
  asking.querySelector("[data-question]").textContent = question;
  asking.querySelector("[data-confirm]").textContent = confirm;
  confirmed = work;
  asking.showModal();
}

document.addEventListener("click", (event) => {
  const rotate = event.target.closest("[data-rotate]")?.dataset;
  if (rotate) {
    ask(said.askRotate(rotate.name), async () => {
      const answer = await post(`/analytics/keys/${rotate.rotate}/rotate`);
      showMade(answer, said.keyRotated, `[data-rotate="${rotate.rotate}"]`);
    });
  }
  const revoke = event.target.closest("[data-revoke]")?.dataset;
  if (revoke) {
    ask(said.askRevoke(revoke.name, revoke.used), async () => {
      await remove(`/analytics/keys/${revoke.revoke}`);
      returnTo(newKey);
    });
  }
});

asking.querySelector("[data-confirm]").addEventListener("click", async () => {
  try {
    await confirmed();
    asking.close();
  } catch (fault) {
    tell(asking, fault);
  }
});
// The text is gone from the page once its dialog is closed.
made.addEventListener("close", () => { document.getElementById("key-text").textContent = ""; returnTo(madeFrom); });
