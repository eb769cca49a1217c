/* One file: follows it while it moves on, and asks before it is undone or checked again. */

import { announce, fetchDocument, follow, post } from "./api.js";

const dialog = document.getElementById("ask");
const alertBox = document.getElementById("ask-alert");
const confirmButton = document.getElementById("ask-confirm");
let call = null;

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
  showRejected();
}

function element(tag, attributes, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

/** Return the columns that tell most: the first, which names the row, then those with faults. */
function tellingColumns(rows) {
  const faults = new Map();
  for (const issue of rows.flatMap((row) => row.issues)) {
    if (issue.column) faults.set(issue.column, (faults.get(issue.column) ?? 0) + 1);
  }
  const known = [...new Set(rows.flatMap((row) => Object.keys(row.cells)))];
  const faulty = [...faults.keys()].filter((name) => known.includes(name));
  faulty.sort((one, two) => faults.get(two) - faults.get(one));
  return [...new Set([known[0], ...faulty, ...known])].filter(Boolean).slice(0, 3);
}

function rejectedCell(row, column) {
  const text = String(row.cells[column] ?? "");
  const fault = row.issues.find((issue) => issue.column === column && issue.severity === "error");
  const shown = element("span", { className: fault ? "faulty cell" : "cell mono", title: fault?.message ?? text }, text || (fault ? "empty" : ""));
  const cell = element("td", {}, shown);
  cell.dataset.label = column;
  return cell;
}

/** Show the first rows set aside, with the faulty cells marked. */
async function showRejected() {
  const place = document.querySelector("[data-rejected]");
  if (!place) return;
  const response = await fetch(place.dataset.rejected, { headers: { accept: "application/json" } }).catch(() => null);
  const answer = await response?.json().catch(() => null);
  const rows = (response?.ok && answer?.results) || [];
  if (!rows.length) {
    place.querySelector(".note").textContent = "The rows can be downloaded as CSV.";
    return;
  }
  const columns = tellingColumns(rows);
  const heads = ["Row", ...columns, "Why"].map((name) => element("th", { scope: "col", textContent: name }));
  const lines = rows.map((row) => {
    const number = element("td", { textContent: Number(row.rowNumber).toLocaleString("en") });
    number.dataset.label = "Row";
    const why = row.issues.filter((issue) => issue.severity === "error").map((issue) => issue.message);
    return element("tr", {}, number, ...columns.map((column) => rejectedCell(row, column)),
      element("td", { className: "muted wide", textContent: why.join(" ") }));
  });
  place.replaceChildren(element("table", { className: "as-list" },
    element("caption", { className: "sr", textContent: "The first rows set aside" }),
    element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines)));
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
  document.getElementById("ask-question").textContent = button.dataset.question;
  confirmButton.textContent = button.dataset.confirm;
  confirmButton.disabled = false;
  alertBox.hidden = true;
  dialog.showModal();
});

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
showRejected();
