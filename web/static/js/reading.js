/* Reads the beginning of a file in the browser: what it is, its encoding, its records. */

import { said } from "./words.js";

const headBytes = 65536;

const magics = [
  ["%PDF-", "pdf"], ["PK\x03\x04", "zip"],
  ["\xd0\xcf\x11\xe0", "office"], ["\x89PNG", "png"],
  ["\xff\xd8\xff", "jpeg"], ["{\\rtf", "rtf"], ["7z\xbc\xaf", "sevenZip"],
  ["Rar!", "rar"], ["BZh", "bzip2"], ["\xfd7zXZ", "xz"],
];

const types = { csv: "csv", txt: "csv", tsv: "tsv", tab: "tsv", jsonl: "jsonl", ndjson: "jsonl", json: "jsonl", parquet: "parquet", xml: "camt053" };

/** Return the file type the name tells, without what only tells compression. */
export function typeOf(name) {
  const plain = name.toLowerCase().replace(/\.(gz|gzip|zst|zstd)$/, "");
  return types[plain.split(".").pop()] ?? "csv";
}

async function unpacked(file) {
  // Twice the packed bytes: the end of a cut stream is an error, and by then there is enough.
  const reader = file.slice(0, headBytes * 2).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const pieces = [];
  let length = 0;
  try {
    while (length < headBytes) {
      const { value, done } = await reader.read();
      if (done) break;
      pieces.push(value);
      length += value.length;
    }
  } catch { /* Cut short, or damaged: what came is what there is to see. */ }
  reader.cancel().catch(() => null);
  return new Uint8Array(await new Blob(pieces).arrayBuffer()).slice(0, headBytes);
}

function decoded(bytes, isWhole) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return ["utf-16", new TextDecoder("utf-16le").decode(bytes)];
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return ["utf-16", new TextDecoder("utf-16be").decode(bytes)];
  try {
    // As a stream: the head may end inside a character.
    return ["utf-8", new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !isWhole })];
  } catch {
    return ["cp1252", new TextDecoder("windows-1252").decode(bytes)];
  }
}

/**
 * Look at the first 64 KB.
 * Returns `{type, encoding, text, isWhole, refusal, note}`: `refusal` says why it cannot be sent,
 * `note` why nothing can be seen before it is.
 */
export async function look(file) {
  const told = { type: typeOf(file.name), encoding: "utf-8", text: "", isWhole: file.size <= headBytes, refusal: "", note: "" };
  if (file.size === 0) return { ...told, refusal: said.fileEmpty };
  let bytes = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    bytes = await unpacked(file);
    told.isWhole = false;
    if (!bytes.length) return { ...told, refusal: said.gzipDamaged };
  } else if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) {
    return { ...told, note: said.packedWithZstd };
  }
  const begin = String.fromCharCode(...bytes.slice(0, 512));
  if (begin.startsWith("PAR1")) return { ...told, type: "parquet", note: said.parquetLater };
  if (told.type === "parquet") return { ...told, refusal: said.noParquet };
  const kind = magics.find(([magic]) => begin.startsWith(magic));
  if (kind) return { ...told, refusal: said.otherKinds[kind[1]] };
  if (told.type !== "camt053" && /^(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|\?xml|script)/i.test(begin)) {
    return { ...told, refusal: said.webPage };
  }
  if (told.type === "camt053") return { ...told, note: said.statementsLater };
  [told.encoding, told.text] = decoded(bytes, told.isWhole);
  told.text = told.text.replace(/^\ufeff/, "");
  if (told.encoding !== "utf-16" && told.text.includes("\0")) return { ...told, refusal: said.zeroBytes };
  if (!told.text.trim()) return { ...told, refusal: said.blankLines };
  if (/^\s*\{/.test(told.text) && told.type === "csv") told.type = "jsonl";
  return told;
}

/** Return the records of delimited text, each a list of cells; the last one, when cut, is left out. */
export function records(text, delimiter, isWhole, limit = 2000) {
  const found = [];
  let cells = [];
  let cell = "";
  let isQuoted = false;
  let at = 0;
  const end = () => { cells.push(cell); found.push(cells); cells = []; cell = ""; };
  while (at < text.length && found.length < limit) {
    const letter = text[at];
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') { cell += '"'; at += 1; } else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === delimiter) { cells.push(cell); cell = ""; }
    else if (letter === "\n") end();
    else if (letter === "\r") { if (text[at + 1] !== "\n") end(); }
    else cell += letter;
    at += 1;
  }
  if (isWhole && at >= text.length && (cell !== "" || cells.length)) end();
  return found;
}

/** Return `{labels, rows}` of JSON lines: the keys of the first lines, and cells in their order. */
export function jsonRecords(text, isWhole) {
  const lines = text.split("\n");
  if (!isWhole && lines.length > 1) lines.pop();
  const labels = new Set();
  const objects = [];
  for (const line of lines.filter((it) => it.trim())) {
    let parsed;
    try { parsed = JSON.parse(line); } catch { return { labels: [], rows: [], fault: said.notJson(objects.length + 1) }; }
    if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) return { labels: [], rows: [], fault: said.notAnObject(objects.length + 1) };
    objects.push(parsed);
    for (const key of Object.keys(parsed)) labels.add(key);
  }
  const names = [...labels];
  const text1 = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
  return { labels: names, rows: objects.map((it) => names.map((name) => text1(it[name]))), fault: "" };
}
