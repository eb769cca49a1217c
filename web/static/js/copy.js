/* Copy buttons: the text beside them goes to the clipboard, and the button says so. */

import { announce } from "./api.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const place = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(place.textContent);
    button.textContent = "Copied";
    announce("Copied");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  } catch {
    // Without https there is no clipboard: mark the text, so that one key press copies it.
    getSelection().selectAllChildren(place);
    announce("Marked; press Ctrl and C to copy");
  }
});
