/* What a file looks like before it is sent: its verdict as a chip, and its first rows. */

import { judge, readAs } from "./judging.js";
import { count, listed } from "./texts.js";
import { delimiters, encodings, fileTypes, said } from "./words.js";

const shownRows = 4;
const telling = 5;

export function element(tag, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

export const chip = (tone, words) => element("span", { className: `chip ${tone}` }, element("span", { textContent: words }));

/** Return `{tone, words, notes, isSure, read, verdict}`; `isSure` when nothing speaks against sending. */
export function assess(item, rules) {
  const { head, dataset } = item;
  if (head.refusal) return { tone: "bad", words: head.refusal, notes: [], isSure: false, isRefused: true };
  if (head.note) return { tone: "quiet", words: head.note, notes: [], isSure: true };
  const read = readAs(dataset, head, rules, item.draft ?? item.mapping);
  const { alignment } = read;
  const notes = alignment.unknown.length ? [said.unknown(alignment.unknown)] : [];
  const bad = (words) => ({ tone: "bad", words, notes, isSure: false, read });
  if (read.fault) return bad(read.fault);
  if (!alignment.matched) return bad(said.noHeader);
  if (alignment.doubled.length) return bad(said.doubled(alignment.doubled));
  if (alignment.missing.length) return bad(said.mismatch(alignment.missing));
  const verdict = judge(read, rules);
  if (head.encoding === "cp1252" && !item.isCp1252) return { tone: "warn", words: said.notUtf8, notes, isSure: false, read, verdict };
  if (head.isWhole && !verdict.judged) return { tone: "warn", words: said.noRows, notes, isSure: true, read, verdict };
  if (!verdict.rejected) return { tone: "ok", words: said.matches(alignment.matched, dataset.columns.length), notes, isSure: true, read, verdict };
  const refusal = whyNothingLoads(dataset, verdict, head.isWhole);
  if (refusal) notes.unshift(refusal);
  return { tone: refusal ? "bad" : "warn", words: said.wouldBeSetAside(verdict.rejected, verdict.judged), notes, isSure: !refusal, read, verdict };
}

/** Return why a file with these rows set aside fails as a whole, as `server/files/tolerance.py` decides; else nothing. */
function whyNothingLoads({ onError, maxRejectedRatio }, { rejected, judged }, isWhole) {
  if (onError === "abort") return said.nothingLoads;
  if (rejected <= maxRejectedRatio * judged) return "";
  return isWhole ? said.tooManyWould(maxRejectedRatio) : said.tooManyMight(maxRejectedRatio);
}

/** Return what is known of the bytes: type, delimiter, encoding. */
export function kindInWords(head, read) {
  if (head.refusal) return "";
  const words = [listed([fileTypes[head.type], delimiters[read?.delimiter]].filter(Boolean))];
  if (head.text) words.push(encodings[head.encoding]);
  return words.join(" · ");
}

/** Return the places of the columns to show: the first, which names the row, those at fault, then others. */
function tellingColumns(read, rows) {
  const faults = rows.flatMap((row) => row.issues.map((it) => it.at)).filter((at) => at >= 0);
  const known = read.labels.map((_, at) => at).filter((at) => read.alignment.columns[at]);
  return [...new Set([known[0] ?? 0, ...faults, ...known])].slice(0, telling).sort((one, two) => one - two);
}

function previewCell(label, text, issue) {
  const className = issue ? (issue.isError ? "faulty cell" : "doubtful cell") : "cell mono";
  const cell = element("td", {}, element("span", { className, title: issue?.message ?? text, textContent: text || (issue ? said.empty : "") }));
  cell.dataset.label = label;
  return cell;
}

/** Return the table of the first rows, those with faults among them, the cells at fault marked. */
export function previewTable(read, verdict) {
  const first = verdict.rows.slice(0, shownRows);
  const faulty = verdict.rows.slice(shownRows).filter((row) => row.issues.length);
  const rows = [...first, ...faulty.slice(0, shownRows)];
  const columns = tellingColumns(read, rows);
  const heads = columns.map((at) => element("th", { scope: "col", className: "mono", textContent: read.labels[at] }));
  const lines = rows.map(({ number, cells, issues }) => element("tr", {},
    element("td", { className: "row-number wide" }, element("span", { className: "sr", textContent: `${said.row} ` }), count(number)),
    ...columns.map((at) => previewCell(read.labels[at], cells[at] ?? "", issues.find((it) => it.at === at))),
    element("td", { className: "why wide" }, ...issues.map((it) => element("span", { textContent: `${it.message} ` })))));
  return element("table", { className: "as-list rejected" },
    element("caption", { className: "sr", textContent: said.firstRows }),
    element("thead", {}, element("tr", {}, element("th", { scope: "col", textContent: said.row }), ...heads, element("th", { scope: "col", textContent: said.why }))),
    element("tbody", {}, ...lines));
}
