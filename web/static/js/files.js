/* The list of files: new ones at the top, those under way followed to their end. */

import { announce, fetchDocument, follow } from "./api.js";

const list = document.getElementById("files");
const body = list.tBodies[0];
const followed = new Map();
// A browser keeps six connections to a host; pages and uploads need some.
const followedAtOnce = 4;

/** Put a file that was just sent at the top of the list, and follow it. */
export async function showSent(fileId) {
  const row = await fetchRow(fileId);
  if (!row) return;
  row.classList.add("is-new");
  body.querySelector(`tr[data-file="${CSS.escape(fileId)}"]`)?.remove();
  body.prepend(row);
  list.hidden = false;
  document.getElementById("none").hidden = true;
  watchNext();
}

async function fetchRow(fileId) {
  const fragment = await fetchDocument(`/files/${fileId}/row`);
  const row = fragment?.querySelector("tr");
  return row ? document.adoptNode(row) : null;
}

/** Put the server's line of the file in the place of the one shown. */
async function refresh(fileId) {
  const fresh = await fetchRow(fileId);
  const old = body.querySelector(`tr[data-file="${CSS.escape(fileId)}"]`);
  if (!fresh || !old) return;
  const hadFocus = old.contains(document.activeElement);
  const before = old.cells[1].textContent.trim();
  old.replaceWith(fresh);
  if (hadFocus) fresh.querySelector("a").focus();
  const now = fresh.cells[1].textContent.trim();
  if (!fresh.hasAttribute("data-live") && now !== before) announce(`${fresh.querySelector(".name").textContent}: ${now}`);
}

function watch(fileId) {
  if (followed.has(fileId) || followed.size >= followedAtOnce) return;
  followed.set(fileId, follow(fileId, async (file) => {
    await refresh(fileId);
    if (file.status === "Completed" || file.status === "Failed") {
      followed.delete(fileId);
      watchNext();
    }
  }));
}

function watchNext() {
  for (const row of body.querySelectorAll("tr[data-live]")) watch(row.dataset.file);
}

watchNext();
