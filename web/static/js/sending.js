/* The tray: files that are looked at, sent on one click, paused, gone on with, given up. */

import { announce, ask } from "./api.js";
import { onFiles } from "./dropping.js";
import { showSent } from "./files.js";
import { guess, readAs } from "./judging.js";
import { offerMapping } from "./mapping-form.js";
import { madeFor, savedMappings } from "./mapping.js";
import { assess, chip, element, kindInWords, previewTable } from "./preview.js";
import { look } from "./reading.js";
import { inEnglish } from "./texts.js";
import { begunFor, forget, unfinished } from "./unfinished.js";
import { Upload, isStopped } from "./upload.js";
import { bytes, percent, said } from "./words.js";

const drop = document.getElementById("drop");
const picker = document.getElementById("picker");
const tray = document.getElementById("tray");
const trayTitle = document.getElementById("tray-title");
const entries = document.getElementById("entries");
const sendAll = document.getElementById("send-all");
const template = document.getElementById("sending-entry");

const items = [];
const atOnce = 2;
let rules = null;

/** Read the datasets' rules once; without them files can still be sent, unseen. */
function loadRules() {
  rules ??= ask("/files/rules").catch((fault) => { rules = null; throw fault; });
  return rules;
}

async function take(files) {
  for (const file of files) {
    const box = template.content.firstElementChild.cloneNode(true);
    const part = (name) => box.querySelector(`[data-${name}]`);
    const item = { file, box, part, state: "looking", upload: null };
    items.push(item);
    entries.append(box);
    part("name").textContent = file.name;
    part("second").textContent = bytes(file.size);
    part("verdict").replaceChildren(chip("info", said.looking));
    part("send").addEventListener("click", () => { item.state = "waiting"; show(item); next(); });
    part("pause").addEventListener("click", () => (item.state === "paused" ? goOn(item) : pause(item)));
    part("remove").addEventListener("click", () => remove(item));
    part("dataset").addEventListener("change", () => choose(item, part("dataset").value));
    part("cp1252").querySelector("input").addEventListener("change", (event) => { item.isCp1252 = event.target.checked; choose(item, item.dataset.name); });
    inspect(item);
  }
  showTray();
}

async function inspect(item) {
  try {
    const [known, mappings] = await Promise.all([loadRules(), savedMappings()]);
    item.head = await look(item.file);
    if (item.file.size > Number(drop.dataset.largest)) item.head.refusal = said.tooLarge(drop.dataset.largestWords);
    item.begun = begunFor(item.file);
    const select = item.part("dataset");
    select.replaceChildren(...known.datasets.map((dataset) => inEnglish(element("option", { value: dataset.name, textContent: dataset.title }))));
    const begun = known.datasets.find((dataset) => dataset.name === item.begun?.dataset);
    const guessed = guess(known, item.head, item.file.name);
    const labels = item.head.text ? readAs(guessed, item.head, known).labels : [];
    item.mapping = begun ? null : madeFor(mappings, labels);
    const dataset = begun ?? known.datasets.find((it) => it.name === item.mapping?.datasetType) ?? guessed;
    select.value = dataset.name;
    select.disabled = Boolean(begun);
    item.state = "ready";
    for (const stale of entries.querySelectorAll(`[data-begun="${item.begun?.fileId ?? ""}"]`)) stale.remove();
    await choose(item, dataset.name);
  } catch (fault) {
    fail(item, fault);
  }
}

/** Look at the file as one of that dataset. */
async function choose(item, name) {
  const known = await loadRules();
  item.dataset = known.datasets.find((dataset) => dataset.name === name);
  if (item.mapping?.datasetType !== name) item.mapping = null;
  if (item.unused?.datasetType !== name) item.unused = null;
  if (item.draft?.datasetType !== name) item.draft = null;
  item.assessed = assess(item, known);
  offerMapping(item, known, () => choose(item, name));
  const { tone, words, notes, read, verdict } = item.assessed;
  item.part("second").textContent = [bytes(item.file.size), kindInWords(item.head, read)].filter(Boolean).join(" · ");
  item.part("verdict").replaceChildren(chip(tone, words));
  if (item.mapping) notes.unshift(said.readWith(item.mapping.name));
  if (item.begun) notes.unshift(said.goesOn);
  item.part("notes").textContent = notes.join(" ");
  item.part("notes").hidden = !notes.length;
  item.part("cp1252").hidden = item.head.encoding !== "cp1252" || Boolean(item.head.refusal);
  const preview = item.part("preview");
  preview.hidden = !verdict?.rows.length;
  if (verdict?.rows.length) {
    preview.querySelector("[data-table]").replaceChildren(previewTable(read, verdict));
    preview.open ||= verdict.rejected > 0;
  }
  announce(said.of(item.file.name, words));
  show(item);
}

function show(item) {
  const { state, assessed } = item;
  const isReady = state === "ready";
  const isMoving = state === "sending" || state === "paused";
  item.part("send").hidden = !isReady || Boolean(assessed?.isRefused) || Boolean(item.draft);
  item.part("send").textContent = assessed?.isSure ? said.send : said.sendAnyway;
  item.part("retry").hidden = state !== "failed" || !item.upload;
  item.part("pause").hidden = !(isMoving && item.upload?.inParts);
  item.part("pause").textContent = state === "paused" ? said.goOn : said.pause;
  item.part("remove").textContent = isMoving || state === "waiting" ? said.cancel : said.remove;
  item.part("progress").hidden = !(isMoving || state === "waiting");
  item.part("verdict").hidden = isMoving || state === "waiting";
  item.part("choices").hidden = !isReady || Boolean(assessed?.isRefused);
  for (const name of isReady ? [] : ["preview", "map", "use", "mapping"]) item.part(name).hidden = true;
  showTray();
}

function showTray() {
  tray.hidden = !entries.children.length;
  const ready = items.filter((item) => item.state === "ready" && item.assessed?.isSure && !item.draft);
  trayTitle.textContent = trayState(ready.length);
  sendAll.hidden = !ready.length;
  sendAll.textContent = said.ready(ready.length);
}

/** Return what the files of the tray have in common, the liveliest of them first. */
function trayState(ready) {
  if (items.some(({ state }) => ["sending", "waiting", "paused"].includes(state))) return said.traySending;
  if (ready) return said.trayReady;
  if (items.some(({ state }) => state === "looking")) return said.trayLooking;
  if (items.some(({ state, assessed }) => state === "ready" && !assessed?.isRefused)) return said.trayNeedsLook;
  return items.length ? said.trayNotSent : said.trayUnfinished;
}

function next() {
  while (items.filter((item) => item.state === "sending").length < atOnce) {
    const item = items.find((it) => it.state === "waiting");
    if (!item) return;
    send(item).finally(next);
  }
}

async function send(item) {
  const { file, head, dataset } = item;
  const bar = item.part("progress").querySelector("progress");
  const words = item.part("progress").querySelector("[data-words]");
  let quarter = 0;
  const request = { datasetType: dataset.name, file: { name: file.name, type: head.type, sizeBytes: file.size } };
  if (item.isCp1252) request.options = { encoding: "cp1252" };
  if (item.mapping) request.options = { ...request.options, mapping: item.mapping.id };
  if (!item.upload && !item.begun) link(request);
  item.upload ??= new Upload(file, request, {
    multipartFrom: Number(drop.dataset.multipartFrom),
    begun: item.begun,
    onProgress: (figures) => {
      item.figures = figures;
      bar.value = figures.sent / figures.size;
      words.textContent = figures.isWaiting ? said.waiting(figures) : said.sending(figures);
      const reached = Math.floor((figures.sent * 4) / figures.size);
      if (reached > quarter) { quarter = reached; announce(said.of(file.name, percent(reached / 4))); }
    },
  });
  item.state = "sending";
  words.textContent = said.asking;
  show(item);
  try {
    await item.upload.start();
    dismiss(item);
    announce(said.sent(file.name));
    await showSent(item.upload.fileId);
  } catch (fault) {
    if (isStopped(fault)) return;
    fail(item, fault);
  }
}

/** Tie the first file of its dataset to the one that failed, where the page was opened for that. */
function link(request) {
  const { repairOf, repairDataset } = drop.dataset;
  if (!repairOf || repairDataset !== request.datasetType) return;
  request.options = { ...request.options, repairOf };
  delete drop.dataset.repairOf;
  document.getElementById("instead").remove();
}

function fail(item, fault) {
  item.state = "failed";
  item.part("verdict").replaceChildren(inEnglish(chip("bad", fault.message), Boolean(fault.isEnglish)));
  announce(said.of(item.file.name, fault.message));
  show(item);
}

function pause(item) {
  item.state = "paused";
  item.upload.pause();
  item.part("progress").querySelector("[data-words]").textContent = said.paused(item.figures ?? { sent: 0, size: item.file.size });
  show(item);
}

function goOn(item) {
  item.state = "waiting";
  show(item);
  next();
}

function dismiss(item) {
  items.splice(items.indexOf(item), 1);
  const hadFocus = item.box.contains(document.activeElement);
  item.box.remove();
  if (hadFocus) document.getElementById("choose").focus();
  showTray();
}

function remove(item) {
  item.upload?.cancel();
  dismiss(item);
}

/** Tell of uploads that were begun on an earlier page, unless they ended by other ways. */
async function showUnfinished() {
  for (const begun of unfinished()) {
    // Only an answer ends it: offline, signed out or a server that is busy say nothing of the upload.
    const file = await ask(`/analytics/files/${begun.fileId}`).catch((fault) => ({ status: fault.status === 404 ? "Gone" : "Pending" }));
    if (file.status !== "Pending") { forget(begun.fileId); continue; }
    const box = document.getElementById("unfinished-entry").content.firstElementChild.cloneNode(true);
    box.dataset.begun = begun.fileId;
    box.querySelector("[data-name]").textContent = begun.name;
    box.querySelector("[data-words]").textContent = said.stoppedEarlier;
    box.querySelector("[data-choose]").addEventListener("click", () => picker.click());
    box.querySelector("[data-cancel]").addEventListener("click", async () => {
      await new Upload({ size: 0 }, {}, { multipartFrom: 0, begun }).cancel();
      box.remove();
      showTray();
    });
    entries.prepend(box);
  }
  showTray();
}

sendAll.addEventListener("click", () => {
  for (const item of items) if (item.state === "ready" && item.assessed?.isSure && !item.draft) { item.state = "waiting"; show(item); }
  next();
});
entries.addEventListener("click", (event) => {
  if (!event.target.closest("[data-retry]")) return;
  const item = items.find((it) => it.box.contains(event.target));
  goOn(item);
});
document.getElementById("choose").addEventListener("click", () => picker.click());
picker.addEventListener("change", () => { take([...picker.files]); picker.value = ""; });

onFiles(take);
addEventListener("beforeunload", (event) => {
  if (items.some((item) => item.state === "sending" && !item.upload?.inParts)) event.preventDefault();
});
showUnfinished();
