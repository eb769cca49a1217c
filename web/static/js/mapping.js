/* A mapping: how the words of a team's own export become those of a dataset, as `server/datasets/mapping.py` has it. */

import { ask } from "./api.js";
import { isoOf } from "./dates.js";

const alike = 0.55;

/** Return the label as it is compared: the same folding as `server/datasets/header.py`. */
export function normalise(label) {
  return label.replace(/[\u00a0\u200b-\u200d\u2060\ufeff]/g, " ").trim().toLowerCase()
    .replace(/[\s_-]+/g, "_").replace(/^_+|_+$/g, "");
}

/** Return which column a plain label stands for; null where it is left out. What the mapping says goes first. */
export function namesOf(dataset, labels, mapping) {
  const columns = new Map(dataset.columns.map((column) => [column.name, column]));
  const said = Object.entries(mapping?.columns ?? {}).map(([label, name]) => [normalise(label), name]);
  const present = new Set(labels.map(normalise));
  const taken = new Set([...said.filter(([plain]) => present.has(plain)).map(([, name]) => name), ...Object.keys(mapping?.constants ?? {})]);
  const names = new Map();
  for (const column of dataset.columns) {
    for (const spelling of [...column.aliases, column.name]) names.set(normalise(spelling), taken.has(column.name) ? null : column);
  }
  for (const [plain, name] of said) names.set(plain, columns.get(name) ?? null);
  return names;
}

/** Return a column's text as it is judged. */
export function reworded(mapping, dataset, name, text) {
  if (!mapping) return text;
  if (name in mapping.constants) return mapping.constants[name];
  const words = { ...(name === dataset.zone ? mapping.zoneAbbreviations : {}), ...mapping.values[name] };
  const ours = Object.hasOwn(words, text) ? words[text] : text;
  const forms = mapping.dateFormats[name];
  return forms ? isoOf(ours, forms) : ours;
}

/** Return a mapping that says nothing yet. */
export const blank = (dataset) => ({ id: "", name: "", datasetType: dataset.name, columns: {}, constants: {}, values: {}, dateFormats: {}, zone: null, zoneAbbreviations: {} });

function pairs(text) {
  const plain = ` ${normalise(text)} `;
  return Array.from({ length: plain.length - 1 }, (_, at) => plain.slice(at, at + 2));
}

/** Return how alike two names are, 0 to 1: the share of their pairs of letters (Dice). */
function likeness(one, other) {
  const left = pairs(other);
  let met = 0;
  const mine = pairs(one);
  for (const pair of mine) {
    const at = left.indexOf(pair);
    if (at >= 0) { met += 1; left.splice(at, 1); }
  }
  return (2 * met) / (mine.length + pairs(other).length);
}

/** Return label → column for labels that look like columns the header lacks; each once, the most alike first. */
export function suggestions(dataset, labels, lacking) {
  const found = labels.flatMap((label) => lacking.map((column) => ({
    label, name: column.name, score: Math.max(...[column.name, ...column.aliases].map((it) => likeness(label, it))),
  }))).filter((it) => it.score >= alike).sort((one, two) => two.score - one.score);
  const made = {};
  for (const { label, name } of found) {
    if (!(label in made) && !Object.values(made).includes(name)) made[label] = name;
  }
  return made;
}

let saved = null;

/** Return the workspace's saved mappings; none when they cannot be read now. */
export function savedMappings() {
  saved ??= all().catch(() => { saved = null; return []; });
  return saved;
}

export function forgetSaved() { saved = null; }

async function all() {
  const found = [];
  let path = "/analytics/mappings?page[size]=100";
  while (path) {
    const page = await ask(path);
    found.push(...(page.results ?? []));
    path = page.links?.next;
  }
  return found;
}

/** Return the mapping that was made for a header of these labels, in whatever order; the newest first. */
export function madeFor(mappings, labels) {
  const key = (names) => [...new Set(names.map(normalise))].filter(Boolean).sort().join("\n");
  const wanted = key(labels);
  return mappings.find((it) => wanted && key(it.header ?? Object.keys(it.columns)) === wanted) ?? null;
}
