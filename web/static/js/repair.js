/* Rows of a file, repaired in its page: judged at every key, sent as a file that repairs it. */

import { announce, patiently, tellFault } from "./api.js";
import { chip, element } from "./preview.js";
import { clashing, csvOf, judged, readerOf, rowOf, rowsAsMetadata } from "./repairing.js";
import { Upload, isStopped } from "./upload.js";
import { count } from "./texts.js";
import { said } from "./words.js";

let rules = null;
let read = null;
let rows = [];
let upload = null;
let data = {};

const card = () => document.getElementById("repair");
const part = (name) => card().querySelector(`[data-${name}]`);

/** Open the form, with rows fetched as they are now; what was typed before stays. */
async function open() {
  const section = card();
  if (!section) return;
  showForm(true);
  document.getElementById("repair-title").focus();
  if (rows.length && section.querySelector("li")) return;
  data = JSON.parse(section.querySelector("script").textContent);
  part("told").textContent = said.fetchingRows;
  part("alert").hidden = true;
  try {
    rules ??= await patiently("/files/rules");
    read = readerOf(data, rules, data.mapping ? await patiently(data.mapping) : null);
    rows = (await fetchRows()).map((told) => rowOf(told, read, rules));
  } catch (fault) {
    refuse(fault);
    return;
  }
  if (!rows.length) { refuse(new Error(said.rowsAway)); return; }
  const left = data.aside - data.sent.length - rows.length;
  const notes = [data.sent.length ? said.rowsSentBefore(data.sent.length) : "", left > 0 ? said.rowsBeyond(rows.length, left) : ""].filter(Boolean);
  part("note").textContent = notes.join(" ");
  part("note").hidden = !notes.length;
  part("rows").replaceChildren(lists(), ...rows.map(boxOf));
  showFoot();
  section.querySelector("input:not([type=checkbox])")?.focus();
}

/** The form stands in the place of the rows it is about. */
function showForm(isOpen) {
  card().hidden = !isOpen;
  const shown = document.getElementById("rejected")?.closest("section");
  if (shown) shown.hidden = isOpen;
}

async function fetchRows() {
  const skipped = new Set(data.sent);
  const found = [];
  let path = data.rows;
  while (path && found.length < data.most) {
    const page = await patiently(path);
    found.push(...page.results.filter((it) => !skipped.has(it.rowNumber)));
    path = page.links.next;
  }
  return found.slice(0, data.most);
}

/** Return the words that a column takes, offered while typing. */
function lists() {
  const made = document.createDocumentFragment();
  for (const column of read.dataset.columns.filter((it) => it.enum.length)) {
    made.append(element("datalist", { id: `words-${column.name}` }, ...column.enum.map((value) => element("option", { value }))));
  }
  return element("li", { hidden: true }, made);
}

function boxOf(row) {
  row.box = card().querySelector("template").content.firstElementChild.cloneNode(true);
  const inside = (name) => row.box.querySelector(`[data-${name}]`);
  Object.assign(row, { inside, fields: new Map() });
  inside("number").append(element("span", { className: "sr", textContent: `${said.row} ` }), count(row.number));
  if (data.isByLine) inside("number").append(element("span", { className: "second", textContent: said.spreadsheetLine(row.number + 1) }));
  inside("take").setAttribute("aria-label", said.sendRow(row.number));
  inside("whole").setAttribute("aria-label", said.wholeRow(row.number));
  inside("take").addEventListener("change", () => { row.isTaken = inside("take").checked; showFoot(); });
  inside("whole").addEventListener("click", () => { row.isWhole = !row.isWhole; layOut(row); row.fields.get(shownPlaces(row)[0])?.input.focus(); });
  inside("whole").hidden = row.isWhole;
  layOut(row);
  return row.box;
}

const shownPlaces = (row) => (row.isWhole ? read.labels.map((_, at) => at) : row.atFault);

function layOut(row) {
  row.fields.clear();
  row.inside("cells").replaceChildren(...shownPlaces(row).map((at) => fieldOf(row, at)));
  row.inside("cells").classList.toggle("is-few", !row.isWhole);
  row.inside("whole").setAttribute("aria-expanded", String(row.isWhole));
  const shown = new Set(shownPlaces(row));
  const telling = read.labels.map((_, at) => at).filter((at) => !shown.has(at) && read.alignment.columns[at] && row.cells[at]);
  row.inside("context").textContent = telling.slice(0, 5).map((at) => row.cells[at]).join(" · ");
  row.inside("context").hidden = !telling.length;
  show(row);
}

function fieldOf(row, at) {
  const column = read.alignment.columns[at];
  const id = `why-${row.number}-${at}`;
  const input = element("input", { type: "text", value: row.cells[at], spellcheck: false, autocomplete: "off" });
  if (column?.enum.length) input.setAttribute("list", `words-${column.name}`);
  const why = element("span", { className: "why", id });
  const same = element("button", { type: "button", className: "link-button", hidden: true });
  input.addEventListener("input", () => { row.cells[at] = input.value; show(row, true); showFoot(); offerSame(row, at); });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); goToNext(input); } });
  same.addEventListener("click", () => { repairSame(row, at); input.focus(); });
  row.fields.set(at, { input, why, same });
  const label = element("label", { className: "field" }, element("span", { className: "mono", textContent: read.labels[at] }), input);
  return element("div", { className: "repair-cell" }, label, why, same);
}

/** Show how the row stands; one that has become good is taken along, unless it was taken out. */
function show(row, isTyped = false) {
  const verdict = judged(row, read, rules);
  row.verdict = verdict;
  for (const [at, { input, why }] of row.fields) {
    const words = verdict.byPlace.get(at) ?? "";
    input.setAttribute("aria-invalid", String(Boolean(words)));
    if (words) input.setAttribute("aria-describedby", why.id); else input.removeAttribute("aria-describedby");
    why.textContent = words;
  }
  const hidden = [...verdict.byPlace].filter(([at]) => !row.fields.has(at)).map(([, words]) => words);
  const surplus = row.surplus.length ? [said.surplus(row.surplus)] : [];
  const about = [...verdict.about, ...surplus, ...hidden];
  row.inside("why").textContent = about.join(" ");
  row.inside("why").hidden = !about.length;
  if (!verdict.isGood) row.isTaken = false;
  else if (isTyped) row.isTaken = true;
  const take = row.inside("take");
  take.disabled = !verdict.isGood;
  take.checked = row.isTaken;
}

function showFoot() {
  const taken = rows.filter((row) => row.isTaken);
  const clashes = clashing(taken, read);
  for (const row of rows) {
    const [tone, words] = clashes.has(row) ? ["bad", said.sameKey] : stateOf(row);
    const shown = row.inside("chip");
    if (shown.textContent !== words) shown.replaceChildren(chip(tone, words));
  }
  const going = taken.length - clashes.size;
  part("send").disabled = !going || clashes.size > 0;
  part("send").textContent = said.sendRows(going);
  const told = said.rowsReady(going, rows.length);
  if (part("told").textContent !== told) { part("told").textContent = told; announce(told); }
}

function stateOf(row) {
  if (!row.verdict.isGood) return ["bad", said.needsRepair];
  if (row.isTaken) return ["ok", said.isReady];
  return row.verdict.isTouched ? ["quiet", said.leftOut] : ["warn", said.needsLook];
}

/** Offer what was typed for the other rows that were sent with the same text. */
function alike(row, at) {
  return rows.filter((it) => it !== row && it.sent[at] === row.sent[at] && it.cells[at] === it.sent[at] && it.atFault.includes(at));
}

function offerSame(row, at) {
  const { same } = row.fields.get(at);
  const others = row.verdict.byPlace.has(at) || row.cells[at] === row.sent[at] ? [] : alike(row, at);
  same.hidden = !others.length;
  same.textContent = said.sameInOthers(others.length);
}

function repairSame(row, at) {
  for (const other of alike(row, at)) {
    other.cells[at] = row.cells[at];
    const field = other.fields.get(at);
    if (field) field.input.value = row.cells[at];
    show(other, true);
  }
  row.fields.get(at).same.hidden = true;
  showFoot();
}

function goToNext(input) {
  const inputs = [...part("rows").querySelectorAll("input[aria-invalid]")];
  const after = inputs.slice(inputs.indexOf(input) + 1);
  const goal = after.find((it) => it.getAttribute("aria-invalid") === "true");
  (goal ?? part("send")).focus();
}

function refuse(fault, comfort = "") {
  part("alert").replaceChildren(tellFault(element("span"), fault), ...(comfort ? [` ${comfort}`] : []));
  part("alert").hidden = false;
  part("told").textContent = "";
}

async function send() {
  const taken = rows.filter((row) => row.isTaken);
  const file = new File([csvOf(taken, read.labels)], data.name, { type: "text/csv" });
  part("alert").hidden = true;
  part("send").disabled = true;
  part("told").textContent = said.sendingRows;
  const request = {
    datasetType: data.dataset,
    file: { name: file.name, type: "csv", sizeBytes: file.size },
    options: { repairOf: data.fileId },
    metadata: rowsAsMetadata(taken, data.rowsKey),
  };
  try {
    upload = new Upload(file, request, { multipartFrom: Infinity, onProgress: () => null });
    await upload.start();
    rows = [];
    location.assign(`/files/${upload.fileId}`);
  } catch (fault) {
    if (isStopped(fault)) return;
    showFoot();
    refuse(fault, said.repairsKept);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href="#repair"]');
  if (link) { event.preventDefault(); history.replaceState(null, "", "#repair"); open(); }
  if (event.target.closest("#repair [data-leave]")) {
    showForm(false);
    history.replaceState(null, "", location.pathname);
    document.querySelector('a[href="#repair"]')?.focus();
  }
  if (event.target.closest("#repair [data-send]")) send();
});
addEventListener("beforeunload", (event) => {
  if (rows.some((row) => row.verdict?.isTouched)) event.preventDefault();
});
if (location.hash === "#repair") open();
