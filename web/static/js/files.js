/* The list: files just sent are put on top, and what came to its end is told. htmx keeps it up to date. */

import { announce } from "./api.js";
import { said } from "./words.js";

const list = document.getElementById("files");
const rows = document.getElementById("rows");

/** Put a file that was just sent at the top of the list, where it is followed. */
export async function showSent(fileId) {
  await htmx.ajax("GET", `/files/${fileId}/row?new=true`, { target: rows, swap: "afterbegin", select: "tr" });
}

/** One line for each file: the newest, as the server said it last. */
function keepOnce() {
  const seen = new Set();
  for (const row of [...rows.rows]) {
    if (seen.has(row.dataset.file)) row.remove();
    seen.add(row.dataset.file);
  }
  list.hidden = !rows.rows.length;
  if (rows.rows.length) document.getElementById("none").hidden = true;
}

document.addEventListener("htmx:afterSwap", keepOnce);
document.addEventListener("htmx:afterSettle", ({ target }) => {
  // Only a line that moved until now is news.
  if (target.matches?.("tr[data-file]:not([data-live])")) announce(said.of(target.querySelector(".name").textContent, target.cells[1].textContent.trim()));
});
