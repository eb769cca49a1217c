/* Files that are dropped anywhere on the page, or pasted: also cells copied from a spreadsheet. */

import { said } from "./words.js";

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

/** Call `take` with the files of every drop and paste. */
export function onFiles(take) {
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    document.body.classList.add("is-dragging");
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event) && (depth -= 1) <= 0) document.body.classList.remove("is-dragging");
  });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    document.body.classList.remove("is-dragging");
    take([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => {
    if (event.target.closest?.("input, textarea, select")) return;
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain");
    if (files.length) take(files);
    // Cells copied from a spreadsheet come as text with tabs; a single word is no table.
    else if (text.includes("\n")) take([new File([text], said.pasted, { type: "text/csv" })]);
    else return;
    event.preventDefault();
  });
}

/** Keep the browser from leaving the portal for a file that is dropped where none is sent; say so by `tell`. */
export function refuseFiles(tell) {
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    tell();
  });
}
