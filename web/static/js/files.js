/* Sends files straight into the storage, and follows those that are under way. */

import { announce, fetchDocument, follow, post } from "./api.js";

const drop = document.getElementById("drop");
const picker = document.getElementById("picker");
const dataset = document.getElementById("dataset");
const list = document.getElementById("files");
const body = list.tBodies[0];
const template = document.getElementById("sending-row");

const largest = Number(drop.dataset.largest);
const types = { csv: "csv", txt: "csv", tsv: "tsv", tab: "tsv", jsonl: "jsonl", ndjson: "jsonl", json: "jsonl", parquet: "parquet", xml: "camt053" };
const waiting = [];
let sending = 0;
const atOnce = 2;

/** Return the file type the name tells, without what only tells compression. */
function typeOf(name) {
  const plain = name.toLowerCase().replace(/\.(gz|gzip|zst|zstd)$/, "");
  return types[plain.split(".").pop()] ?? "csv";
}

/** Return the dataset the name tells: the longest whose words all stand in it. */
function datasetOf(name) {
  if (dataset.value) return dataset.value;
  const words = name.toLowerCase().replace(/[^a-z]+/g, " ");
  const known = [...dataset.options].map((option) => option.value).filter(Boolean);
  const fits = known.filter((value) => value.split("_").every((word) => words.includes(word.replace(/s$/, ""))));
  fits.sort((one, two) => two.length - one.length);
  return fits[0] ?? (known.includes("transactions") ? "transactions" : known[0]);
}

function bytes(size) {
  const units = ["B", "kB", "MB", "GB"];
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

function titleOf(value) {
  return [...dataset.options].find((option) => option.value === value)?.label ?? value;
}

function take(files) {
  for (const file of files) {
    const row = template.content.firstElementChild.cloneNode(true);
    const to = datasetOf(file.name);
    row.querySelector("[data-name]").textContent = file.name;
    row.querySelector("[data-second]").textContent = titleOf(to);
    row.querySelector("[data-size]").textContent = bytes(file.size);
    row.querySelector("[data-words]").textContent = "Waiting to be sent";
    list.hidden = false;
    document.getElementById("none").hidden = true;
    body.prepend(row);
    const item = { file, row, to, request: null, isCancelled: false };
    row.querySelector("[data-cancel]").addEventListener("click", () => {
      item.isCancelled = true;
      item.request?.abort();
      if (waiting.includes(item)) { waiting.splice(waiting.indexOf(item), 1); row.remove(); }
    });
    if (file.size === 0) refuse(item, "The file is empty");
    else if (file.size > largest) refuse(item, `Larger than ${drop.dataset.largestWords}`);
    else waiting.push(item);
  }
  next();
}

function refuse(item, words) {
  const chip = document.createElement("span");
  chip.className = "chip bad";
  chip.append(Object.assign(document.createElement("span"), { textContent: words }));
  item.row.cells[1].replaceChildren(chip);
  const button = item.row.querySelector("[data-cancel]");
  if (button) {
    const remove = button.cloneNode(false);
    remove.textContent = "Remove";
    remove.addEventListener("click", () => item.row.remove());
    button.replaceWith(remove);
  }
  announce(`${item.file.name}: ${words}`);
}

function next() {
  while (sending < atOnce && waiting.length) {
    const item = waiting.shift();
    sending += 1;
    send(item).catch((fault) => refuse(item, fault.message)).finally(() => { sending -= 1; next(); });
  }
}

async function send(item) {
  const { file, row, to } = item;
  const words = row.querySelector("[data-words]");
  words.textContent = "Asking for an upload URL";
  const ticket = await post("/analytics/files/upload", {
    datasetType: to,
    file: { name: file.name, type: typeOf(file.name), sizeBytes: file.size },
  });
  row.dataset.file = ticket.id;
  try {
    if (item.isCancelled) throw new Error("Cancelled");
    await put(item, ticket);
  } catch (fault) {
    await post(`/analytics/files/${ticket.id}/cancel`).catch(() => null);
    throw fault;
  }
  words.textContent = "Sent";
  await post(`/analytics/files/${ticket.id}/complete`, {}).catch(() => null); // a hint; the sweep finds it too
  await refresh(ticket.id);
  watch(ticket.id);
}

function put(item, ticket) {
  const { file, row } = item;
  const bar = row.querySelector("progress");
  const words = row.querySelector("[data-words]");
  const began = performance.now();
  let shown = 0;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    item.request = request;
    request.upload.onprogress = (event) => {
      bar.value = event.loaded / file.size;
      const now = performance.now();
      if (now - shown < 200 && event.loaded < file.size) return;
      shown = now;
      const speed = event.loaded / Math.max(0.001, (now - began) / 1000);
      words.textContent = `Sending · ${bytes(event.loaded)} of ${bytes(file.size)} · ${bytes(speed)}/s`;
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new Error(`The storage answered ${request.status}`));
    };
    request.onerror = () => reject(new Error("The connection broke; send it again"));
    request.onabort = () => reject(new Error("Cancelled"));
    request.open(ticket.uploadMethod ?? "PUT", ticket.uploadUrl);
    for (const [name, value] of Object.entries(ticket.uploadHeaders ?? {})) request.setRequestHeader(name, value);
    request.send(file);
  });
}

const followed = new Map();

/** Put the server's line of the file in the place of the one shown. */
async function refresh(fileId) {
  const fragment = await fetchDocument(`/files/${fileId}/row`);
  const fresh = fragment?.querySelector("tr");
  const old = body.querySelector(`tr[data-file="${CSS.escape(fileId)}"]`);
  if (!fresh || !old) return;
  const hadFocus = old.contains(document.activeElement);
  const before = old.cells[1].textContent.trim();
  old.replaceWith(document.adoptNode(fresh));
  if (hadFocus) fresh.querySelector("a").focus();
  const now = fresh.cells[1].textContent.trim();
  if (!fresh.hasAttribute("data-live") && now !== before) announce(`${fresh.querySelector(".name").textContent}: ${now}`);
}

function watch(fileId) {
  if (followed.has(fileId) || followed.size >= 4) return;
  followed.set(fileId, follow(fileId, async (file) => {
    await refresh(fileId);
    if (file.status === "Completed" || file.status === "Failed") {
      followed.delete(fileId);
      watchNext();
    }
  }));
}

/** A browser keeps six connections to a host: follow four files at a time. */
function watchNext() {
  for (const row of body.querySelectorAll("tr[data-live]")) watch(row.dataset.file);
}

document.getElementById("choose").addEventListener("click", () => picker.click());
picker.addEventListener("change", () => { take(picker.files); picker.value = ""; });

let depth = 0;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
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
  take(event.dataTransfer.files);
});
addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
watchNext();
