/* Judges the first rows of a file by the dataset's rules, before it is sent; a preview of the verdict. */

import { namesOf, normalise, reworded } from "./mapping.js";
import { jsonRecords, records } from "./reading.js";
import { filled } from "./texts.js";

const delimiters = [",", ";", "\t", "|"];

/** Return how the labels stand to the dataset's columns; what the mapping says goes first. */
export function align(dataset, labels, reserved, mapping = null) {
  const names = namesOf(dataset, labels, mapping);
  const constants = mapping?.constants ?? {};
  const ignored = new Set(reserved.map(normalise));
  const columns = labels.map((label) => names.get(normalise(label)) ?? null);
  const met = columns.filter(Boolean);
  return {
    columns,
    matched: new Set(met).size,
    missing: dataset.columns.filter((column) => (column.required || column.inHeader) && !met.includes(column) && !(column.name in constants)).map((column) => column.name),
    doubled: [...new Set(met.filter((column, at) => met.indexOf(column) !== at))].map((column) => column.name),
    unknown: labels.filter((label, at) => !names.has(normalise(label)) && normalise(label) && !(label.trim().startsWith("_") && ignored.has(normalise(label)))),
  };
}

/** Return the table of a head: labels, rows, and where the header stands. */
function tables(head) {
  if (head.type === "jsonl") return [{ ...jsonRecords(head.text, head.isWhole), delimiter: "", place: -1 }];
  const wanted = head.type === "tsv" ? ["\t"] : delimiters;
  return wanted.map((delimiter) => {
    const all = records(head.text, delimiter, head.isWhole);
    const place = all.findIndex((cells) => cells.some((cell) => cell.trim()) && !(cells[0].startsWith("sep=") && !cells.slice(1).some(Boolean)));
    return { labels: all[place] ?? [], rows: all.slice(place + 1), delimiter, place, fault: "" };
  });
}

/** Return the best way to read the head as that dataset: by the header's match, as the worker does. */
export function readAs(dataset, head, rules, mapping = null) {
  let best = null;
  for (const table of tables(head)) {
    const alignment = align(dataset, table.labels, rules.reserved, mapping);
    if (!best || alignment.matched > best.alignment.matched) best = { ...table, alignment, dataset, mapping };
  }
  return best;
}

/**
 * Return how well a header fits a dataset, the weightier part first: whether it fits whole, the share of its own
 * labels that are known, the share of the key that it brings, the share of the dataset's columns. By the last
 * alone a few labels would always be of the smallest dataset.
 */
function fitOf(dataset, { labels, alignment }) {
  const own = labels.filter((label) => label.trim()).length;
  const key = dataset.key.filter((name) => alignment.columns.some((column) => column?.name === name)).length;
  return [alignment.missing.length ? 0 : 1, alignment.matched / (own || 1), key / (dataset.key.length || 1), alignment.matched / dataset.columns.length];
}

const fitsBetter = (one, two) => two.fit.map((it, at) => it - one.fit[at]).find((it) => it !== 0) ?? 0;

/** Return the dataset that a file is of: by its header, else by its name. */
export function guess(rules, head, name) {
  const words = name.toLowerCase().replace(/[^a-z]+/g, " ");
  const named = (dataset) => (dataset.name.split("_").every((word) => words.includes(word.replace(/s$/, ""))) ? dataset.name.length : 0);
  const scored = rules.datasets.map((dataset) => {
    const read = head.text ? readAs(dataset, head, rules) : null;
    return { dataset, fit: read ? fitOf(dataset, read) : [0, 0, 0, 0], byName: named(dataset) };
  });
  const anyFits = scored.some((it) => it.fit[0]);
  scored.sort((one, two) => (anyFits ? fitsBetter(one, two) : 0) || two.byName - one.byName || fitsBetter(one, two));
  return scored[0].dataset;
}

const grouped = /^[-+]?\d{1,3}(([, \u00a0\u202f'\u2019]\d{3})+(\.\d+)?|([. \u00a0\u202f'\u2019]\d{3})+,\d+|(\.\d{3}){2,})$/;

function judgeNumber(column, text, context) {
  if (/^[-+]?\d+(\.\d+)?[eE][-+]?\d+$/.test(text)) return "scientific-notation";
  if (grouped.test(text)) return "thousands-separator";
  if (/^[-+]?\d+,\d+$/.test(text)) return "decimal-comma";
  if (!(column.type === "integer" ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/).test(text)) return "type-error";
  const number = Number(text);
  if ((column.aboveZero && number <= 0) || (column.minimum !== null && number < column.minimum)) return "out-of-range";
  if (column.maximum !== null && number > column.maximum) return "out-of-range";
  if (column.type === "integer") return "";
  const digits = (/\.(\d*[1-9])0*$/.exec(text)?.[1] ?? "").length;
  const currency = column.exponentOf ? context.cell(column.exponentOf).trim().toUpperCase() : "";
  const allowed = column.exponentOf ? context.rules.currencies[currency] ?? column.scale : column.scale;
  return digits > allowed ? "too-precise" : "";
}

const moment = /^(\d{4})-(\d{2})-(\d{2})([ Tt](\d{2}):(\d{2})(:(\d{2})([.]\d{1,9})?)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)?)?$/;

function judgeTime(column, text, context) {
  const found = moment.exec(text);
  if (!found) return "type-error";
  const [year, month, day, hour, minute, second] = [1, 2, 3, 5, 6, 8].map((at) => Number(found[at] ?? 0));
  const made = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // A date rolls over where a clock refuses.
  if (made.getUTCMonth() !== month - 1 || made.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) return "type-error";
  if (column.name !== context.dataset.eventTime) return "";
  return year < 2000 || made.getTime() > Date.now() + 62 * 3600e3 ? "date-out-of-range" : "";
}

function isZone(name) {
  try { return Boolean(new Intl.DateTimeFormat("en", { timeZone: name })); } catch { return false; }
}

function judgeCell(column, text, context) {
  if (text.trim() === "" && column.required) return "required-value";
  if (text === "") return "";
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)) return "control-character";
  switch (column.type) {
    case "enum": return column.enum.some((word) => word.toLowerCase() === text.trim().toLowerCase()) ? "" : "enum-error";
    case "currency": return text.trim().toUpperCase() in context.rules.currencies ? "" : "currency-unknown";
    case "decimal": case "integer": return judgeNumber(column, text, context);
    case "datetime": return judgeTime(column, text, context);
    case "zone": return context.dataset.zoneAbbreviations.includes(text) || isZone(text.trim()) ? "" : "timezone-unknown";
    case "country": return context.rules.countries.includes(text.trim().toUpperCase()) ? "" : "enum-error";
    case "boolean": return context.rules.flags.includes(text.trim().toLowerCase()) ? "" : "type-error";
    case "date": return /^\d{4}-\d{2}-\d{2}$/.test(text) ? judgeTime(column, text, context) : "type-error";
    default: break;
  }
  if (column.type === "id" && /^\d([.,]\d+)?e[+]\d+$/i.test(text)) return "spreadsheet-damage";
  try {
    return column.pattern && !new RegExp(`^(?:${column.pattern})$`).test(text) ? "pattern-error" : "";
  } catch { return ""; /* RE2 knows forms that this engine does not; the worker judges them. */ }
}

/** Return what a cell is judged beside: the row's other texts, reworded. */
function contextOf({ alignment, dataset, mapping }, cells, rules) {
  const sent = (name) => cells[alignment.columns.findIndex((column) => column?.name === name)] ?? "";
  return { rules, dataset, cell: (name) => reworded(mapping, dataset, name, sent(name)) };
}

/** Return the code of what is wrong with a text of the column by itself, or an empty text. */
export const judgeText = (column, text, read, rules) => judgeCell(column, text, contextOf(read, [], rules));

/** Return an issue in the reader's language, of a column or of none. */
export const sentenceOf = (rules, code, column) => filled(rules.issues[code].message, { column: column?.name ?? "", hint: column?.hint ?? "" });

/** Return the issues of one row: `{code, column, at, isError, message}`. */
export function judgeRow(read, cells, rules) {
  const { alignment, dataset, labels } = read;
  const issue = (code, column, at, isError) => ({ code, column: column?.name ?? "", at, isError, message: sentenceOf(rules, code, column) });
  if (read.delimiter && cells.length < labels.length) return [issue("missing-cell", null, -1, true)];
  if (cells.slice(labels.length).some((cell) => cell.trim())) return [issue("extra-cell", null, -1, true)];
  const context = contextOf(read, cells, rules);
  const found = [];
  alignment.columns.forEach((column, at) => {
    const code = column ? judgeCell(column, context.cell(column.name), context) : "";
    if (!code) return;
    // A zone only matters where the event time has no offset of its own.
    const hasOffset = /[ Tt][\d:.]+([Zz]|[+-]\d{2}:?\d{2})$/.test(context.cell(dataset.eventTime));
    found.push(issue(code, column, at, code === "timezone-unknown" ? !hasOffset : column.rejects));
  });
  return found;
}

/** Return `{rows, judged, rejected}`: each row with its number, cells and issues. */
export function judge(read, rules) {
  const header = read.labels.map(normalise).join();
  const rows = read.rows
    .map((cells, at) => ({ number: at + 1, cells }))
    .filter(({ cells }) => cells.some((cell) => cell.trim()) && cells.map(normalise).join() !== header)
    .map((row) => ({ ...row, issues: judgeRow(read, row.cells, rules) }));
  return { rows, judged: rows.length, rejected: rows.filter((row) => row.issues.some((it) => it.isError)).length };
}
