/* What repairing rows means, without a page: which cells are at fault, when a row is ready, the file it makes. */

import { align, judgeRow, sentenceOf } from "./judging.js";
import { said } from "./words.js";

/** Return how rows of the file are judged: what `judgeRow` reads. */
export function readerOf(data, rules, mapping) {
  const dataset = rules.datasets.find((it) => it.name === data.dataset);
  const alignment = align(dataset, data.labels, rules.reserved, mapping);
  return { dataset, labels: data.labels, alignment, mapping, delimiter: "," };
}

/** Return a row to repair, from what the API tells of it. */
export function rowOf(told, read, rules) {
  const sent = read.labels.map((label) => told.cells[label] ?? "");
  const errors = told.issues.filter((it) => it.severity === "error");
  const seen = judgeRow(read, sent, rules).filter((it) => it.isError);
  // What only the worker can judge, or what is no cell's fault, is in the eyes of who repairs it.
  const unseen = errors.filter((it) => !seen.some((other) => other.column === it.column && other.code === it.code))
    .map((it) => ({ ...it, message: sentenceOf(rules, it.code, read.dataset.columns.find(({ name }) => name === it.column)) }));
  const places = (column) => read.alignment.columns.findIndex((it) => it?.name === column);
  const atFault = [...new Set([...seen.map((it) => it.at), ...unseen.map((it) => places(it.column))])].filter((at) => at >= 0);
  return {
    number: told.rowNumber,
    sent,
    cells: [...sent],
    surplus: Object.entries(told.cells).filter(([label]) => label.startsWith("_extra_")).map(([, cell]) => cell),
    unseen,
    atFault: atFault.sort((one, two) => one - two),
    isWhole: unseen.some((it) => places(it.column) < 0),
    isTaken: false,
  };
}

/** Return what is at fault in the row as it stands: by the place of the cell, and about the row. */
export function judged(row, read, rules) {
  const seen = judgeRow(read, row.cells, rules).filter((it) => it.isError);
  const byPlace = new Map(seen.map((it) => [it.at, it.message]));
  const isTouched = row.cells.some((cell, at) => cell !== row.sent[at]);
  const about = [];
  for (const issue of row.unseen) {
    const at = read.alignment.columns.findIndex((it) => it?.name === issue.column);
    if (at < 0) about.push(said.ofRows[issue.code] ?? issue.message);
    else if (row.cells[at] === row.sent[at] && !byPlace.has(at)) about.push(`${issue.message} ${said.cannotBeSeen}`);
  }
  // Untouched, with a fault that cannot be seen here: whether it is right now is for a person to say.
  return { byPlace, about, isTouched, isGood: !byPlace.size, isSure: !byPlace.size && isTouched };
}

const textOf = (row, columns) => columns.map((at) => row.cells[at]).join("\u0000");

/** Return the rows among those taken whose key another of them has: they would be set aside again. */
export function clashing(taken, read) {
  const columns = read.dataset.key.map((name) => read.alignment.columns.findIndex((it) => it?.name === name));
  const counted = new Map();
  for (const row of taken) counted.set(textOf(row, columns), (counted.get(textOf(row, columns)) ?? 0) + 1);
  return new Set(taken.filter((row) => counted.get(textOf(row, columns)) > 1));
}

const quoted = (cell) => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Return the CSV of the rows, under the file's own labels. */
export function csvOf(rows, labels) {
  // A record of one empty cell would be a blank line.
  const line = (cells) => (cells.length === 1 && !cells[0] ? '""' : cells.map(quoted).join(","));
  return [labels, ...rows.map((row) => row.cells)].map((cells) => `${line(cells)}\r\n`).join("");
}

/** Return the metadata that names the rows: `3, 7-9`, in pieces of what a value may hold. */
export function rowsAsMetadata(rows, key, longest = 2000) {
  const numbers = rows.map((row) => row.number).sort((one, two) => one - two);
  const spans = [];
  for (const number of numbers) {
    const last = spans.at(-1);
    if (last && number === last[1] + 1) last[1] = number; else spans.push([number, number]);
  }
  const pieces = [""];
  for (const [first, last] of spans) {
    const words = first === last ? `${first}` : `${first}-${last}`;
    if (pieces.at(-1).length + words.length + 2 > longest) pieces.push("");
    pieces[pieces.length - 1] += `${words}, `;
  }
  return Object.fromEntries(pieces.map((text, at) => [at ? `${key}${at + 1}` : key, text.replace(/, $/, "")]));
}
