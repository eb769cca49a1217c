/* A page that is read anew after a change: who worked with the keyboard goes on where they were. */

const key = "tallydock-return";

/** Read the page anew; the focus comes back to what the selector finds then, else to the content. */
export function returnTo(selector) {
  try { sessionStorage.setItem(key, selector); } catch { /* The page begins at its top. */ }
  location.reload();
}

function comeBack() {
  let selector = null;
  try {
    selector = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
  } catch { /* Nothing was kept. */ }
  if (selector) (document.querySelector(selector) ?? document.getElementById("main")).focus();
}

comeBack();
