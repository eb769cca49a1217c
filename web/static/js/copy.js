/* Copy buttons: the text beside them goes to the clipboard, and the button says so. */

import { announce } from "./api.js";
import { said } from "./words.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const place = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(place.textContent);
    button.textContent = said.copied;
    announce(said.copied);
    setTimeout(() => { button.textContent = said.copy; }, 2000);
  } catch {
    // Without https there is no clipboard: mark the text, so that one key press copies it.
    getSelection().selectAllChildren(place);
    announce(said.marked);
  }
});
