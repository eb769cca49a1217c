/* What every page with the side bar does: menu on the phone, theme, dialogs, rows that open. */

import { refuseFiles } from "./dropping.js";
import { said } from "./words.js";

const side = document.getElementById("side");
const menu = document.getElementById("menu");

function openMenu(isOpen) {
  side.classList.toggle("is-open", isOpen);
  menu.setAttribute("aria-expanded", String(isOpen));
}

menu.addEventListener("click", () => openMenu(!side.classList.contains("is-open")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && side.classList.contains("is-open")) {
    openMenu(false);
    menu.focus();
  }
});

const themeButton = document.getElementById("theme");
const themes = ["system", "light", "dark"];
const root = document.documentElement;

function showTheme() {
  const theme = root.dataset.theme ?? "system";
  themeButton.querySelector("span").textContent = said.themes[theme];
  themeButton.setAttribute("aria-label", said.changeTheme[theme]);
}

themeButton.addEventListener("click", () => {
  const next = themes[(themes.indexOf(root.dataset.theme ?? "system") + 1) % themes.length];
  if (next === "system") delete root.dataset.theme;
  else root.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem("tallydock-theme");
    else localStorage.setItem("tallydock-theme", next);
  } catch { /* It lasts as long as the page. */ }
  showTheme();
  document.dispatchEvent(new Event("themechange"));
});
showTheme();

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open).showModal();
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  // The whole row opens; links, buttons and selected text keep their own meaning.
  const row = event.target.closest("tr.opens");
  if (row && !event.target.closest("a, button") && !String(getSelection())) {
    const link = row.querySelector(".name a");
    if (event.ctrlKey || event.metaKey) open(link.href);
    else link.click();
  }
});

/* A script that is refused for want of a session says so on the page; what was typed stays. */
const tellSignedOut = () => { document.getElementById("signed-out").hidden = false; };
document.addEventListener("signedout", tellSignedOut);
document.addEventListener("visibilitychange", async () => {
  const notice = document.getElementById("signed-out");
  if (notice.hidden || document.visibilityState !== "visible") return;
  const response = await fetch(location.pathname, { headers: { accept: "text/html" } }).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector('meta[name="csrf-token"]');
  if (!fresh) return;
  document.querySelector('meta[name="csrf-token"]').content = fresh.content;
  notice.hidden = true;
});
document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) tellSignedOut(); });

/* A file that is dropped beside the tray stays where it is. */
if (!document.getElementById("drop")) {
  refuseFiles(() => {
    const notice = document.getElementById("not-here");
    notice.replaceChildren(document.getElementById("not-here-words").content.cloneNode(true));
    notice.scrollIntoView({ block: "nearest" });
  });
}

/* What does not answer stands above every page, and goes away by itself. */
const standing = document.getElementById("standing");
const lookEvery = 15000;
let shownStanding = "";

async function lookAround() {
  if (document.visibilityState !== "visible") return;
  const response = await fetch("/standing", { credentials: "omit" }).catch(() => null);
  const told = response?.ok ? (await response.text()).trim() : shownStanding;
  if (told === shownStanding) return;
  shownStanding = told;
  standing.replaceChildren(...new DOMParser().parseFromString(told, "text/html").body.children);
}

// Not earlier: a browser that comes back to a page holds what was read in its place, and would put
// a notice that stands there already out of sight.
addEventListener("pageshow", lookAround);
setInterval(lookAround, lookEvery);
document.addEventListener("visibilitychange", lookAround);

/* A page that takes its time to come says so, over the one that is left. */
const going = document.querySelector("#going > span");
const patienceForPages = 700;
let leaving = null;

function stay() {
  clearTimeout(leaving);
  going.hidden = true;
}

addEventListener("beforeunload", (event) => {
  stay();
  // Who is asked whether to leave what is not sent yet may stay.
  leaving = setTimeout(() => { going.hidden = event.defaultPrevented; }, patienceForPages);
});
addEventListener("pageshow", stay);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") stay(); });

/* A choice in a filter is the wish to see it. */
const filters = document.getElementById("filters");
filters?.addEventListener("change", (event) => {
  if (event.target.tagName === "SELECT" && event.target.value !== "custom") filters.requestSubmit();
});
filters?.addEventListener("submit", () => {
  for (const field of filters.elements) if (field.name && !field.value) field.disabled = true;
});

/* Keys of the whole portal; a field that is written in keeps its letters. */
const waits = { isGoing: false, since: 0 };
const patience = 1500;
const goes = { o: "/", f: "/files", d: "/datasets", s: "/settings" };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  if (waits.isGoing && Date.now() - waits.since < patience && goes[event.key]) location.assign(goes[event.key]);
  Object.assign(waits, { isGoing: event.key === "g", since: Date.now() });
  if (event.key === "/" && document.getElementById("q")) { event.preventDefault(); document.getElementById("q").focus(); }
  if (event.key === "u") {
    const choose = document.getElementById("choose");
    if (choose) choose.click(); else location.assign("/files");
  }
  if (event.key === "?") document.getElementById("keys").showModal();
});
