/* The panel in the tray where a file's own names and words are told to be those of the dataset. */

import { call, remove, tellFault } from "./api.js";
import { formsOf } from "./dates.js";
import { judgeText, readAs } from "./judging.js";
import { blank, forgetSaved, suggestions } from "./mapping.js";
import { element } from "./preview.js";
import { said } from "./words.js";

const constant = "=";
const mostWords = 12;

/** Offer the panel where it can help; `onChange` looks at the file anew. */
export function offerMapping(item, rules, onChange) {
  const { read } = item.assessed;
  const button = item.part("map");
  const canHelp = read?.labels.length > 1 && (read.alignment.missing.length > 0 || read.alignment.unknown.length > 0 || item.mapping || foreign(item, rules).length > 0);
  button.hidden = !canHelp || Boolean(item.draft);
  button.textContent = item.mapping ? said.changeMapping : said.mapColumns;
  button.onclick = async () => { begin(item, read); await onChange(); item.part("mapping").querySelector("select, input")?.focus(); };
  offerUse(item, onChange);
  const panel = item.part("mapping");
  panel.hidden = !item.draft;
  if (item.draft) fill(panel, item, rules, onChange);
}

/** Offer to read this one file without the mapping that its header brought, and with it again. */
function offerUse(item, onChange) {
  const button = item.part("use");
  button.hidden = Boolean(item.draft) || !(item.mapping || item.unused);
  if (button.hidden) return;
  button.textContent = item.mapping ? said.withoutMapping : said.withMapping(item.unused?.name);
  button.onclick = () => { [item.mapping, item.unused] = [item.unused, item.mapping]; return onChange(); };
}

function begin(item, read) {
  item.draft = structuredClone(item.mapping ?? blank(item.dataset));
  if (!item.mapping) {
    const lacking = item.dataset.columns.filter((column) => !read.alignment.columns.includes(column));
    item.draft.columns = suggestions(item.dataset, read.alignment.unknown, lacking);
    item.draft.name = item.file.name.replace(/\.[^.]*$/, "").replace(/[\d_.-]+/g, " ").trim() || item.dataset.title;
  }
}

/** Return the columns to ask about: those that the file does not name itself, required ones first. */
function asked(item, rules) {
  const own = readAs(item.dataset, item.head, rules, null).alignment.columns;
  const open = item.dataset.columns.filter((column) => !own.includes(column));
  return [...open.filter((column) => column.required), ...open.filter((column) => !column.required)];
}

/** Return `[column, texts]` of the texts a column does not know, as they stand in the first rows. */
function foreign(item, rules) {
  const bare = { ...(item.draft ?? item.mapping ?? blank(item.dataset)), values: {}, dateFormats: {} };
  const read = readAs(item.dataset, item.head, rules, bare);
  return read.alignment.columns.flatMap((column, at) => {
    if (!column || !["enum", "currency", "datetime"].includes(column.type)) return [];
    const texts = [...new Set(read.rows.map((cells) => cells[at] ?? ""))].filter((text) => text.trim());
    const unknown = texts.filter((text) => ["enum-error", "currency-unknown", "type-error"].includes(judgeText(column, text, read, rules)));
    return unknown.length ? [[column, unknown]] : [];
  });
}

function fill(panel, item, rules, onChange) {
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const columns = asked(item, rules);
  const required = columns.filter((column) => column.required);
  const optional = columns.filter((column) => !column.required);
  const isOpen = panel.querySelector("details")?.open ?? false;
  const rows = (list) => list.map((column) => columnRow(column, item, onChange));
  const parts = [element("h3", { textContent: said.mapTitle }), element("p", { className: "second", textContent: said.mapHint })];
  parts.push(...rows(required));
  if (optional.length) parts.push(element("details", { className: "preview", open: isOpen }, element("summary", { textContent: said.optionalColumns(optional.length) }), ...rows(optional)));
  for (const [column, texts] of foreign(item, rules)) parts.push(...wordRows(column, texts, item, onChange));
  parts.push(saveRow(item, onChange));
  panel.replaceChildren(...parts);
  if (focused) panel.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function control(made, key, onChange) {
  made.dataset.key = key;
  made.addEventListener("change", () => onChange(made.value));
  return made;
}

function row(words, ...controls) {
  return element("div", { className: "map-row" }, element("span", { className: "map-name" }, ...words), element("span", { className: "map-controls" }, ...controls));
}

function select(label, entries, value) {
  const made = element("select", {}, ...entries.map(([key, words]) => element("option", { value: key, textContent: words })));
  made.setAttribute("aria-label", label);
  made.value = value;
  return made;
}

const wrapped = (made) => element("span", { className: "select" }, made);

function columnRow(column, item, onChange) {
  const { draft, assessed } = item;
  const labels = assessed.read.labels.filter((label) => label.trim());
  const label = Object.keys(draft.columns).find((it) => draft.columns[it] === column.name) ?? "";
  const isConstant = column.name in draft.constants;
  const entries = [["", said.notInFile], ...labels.map((it) => [it, it]), [constant, said.sameInEveryRow]];
  const choose = control(select(said.standsFor(column.name), entries, isConstant ? constant : label), `column-${column.name}`, (value) => {
    delete draft.columns[label];
    delete draft.constants[column.name];
    if (value === constant) draft.constants[column.name] = column.enum[0] ?? "";
    else if (value) { draft.columns[value] = column.name; }
    onChange();
  });
  const controls = [wrapped(choose)];
  if (isConstant) controls.push(textFor(column, said.textOf(column.name), draft.constants[column.name], `constant-${column.name}`, (value) => { draft.constants[column.name] = value; onChange(); }));
  return row([element("span", { className: "mono", textContent: column.name }), element("span", { className: "second", textContent: column.required ? said.required : said.optional })], ...controls);
}

/** Return the control for a text of the column, named by the label: a choice where it takes certain words only. */
function textFor(column, label, value, key, onChange) {
  if (column.enum.length) return wrapped(control(select(label, [["", said.choose], ...column.enum.map((it) => [it, it])], value), key, onChange));
  const input = element("input", { type: "text", value, placeholder: column.hint, autocomplete: "off", spellcheck: false });
  input.setAttribute("aria-label", label);
  return control(input, key, onChange);
}

function wordRows(column, texts, item, onChange) {
  const { draft } = item;
  if (column.type === "datetime") {
    const forms = formsOf(texts);
    if (!forms.length) return [];
    const choose = select(said.datesOf(column.name), [["", said.asItIs], ...forms.map((form) => [form, form])], draft.dateFormats[column.name]?.[0] ?? "");
    control(choose, `dates-${column.name}`, (value) => {
      if (value) draft.dateFormats[column.name] = [value]; else delete draft.dateFormats[column.name];
      onChange();
    });
    return [row([element("span", { className: "mono", textContent: column.name }), element("span", { className: "second", textContent: said.writtenAs(texts[0]) })], wrapped(choose))];
  }
  return texts.slice(0, mostWords).map((text) => {
    const change = (value) => {
      draft.values[column.name] = { ...draft.values[column.name], [text]: value };
      if (!value) delete draft.values[column.name][text];
      if (!Object.keys(draft.values[column.name]).length) delete draft.values[column.name];
      onChange();
    };
    const words = [element("span", { className: "mono", textContent: said.quoted(text) }), element("span", { className: "second", textContent: said.inColumn(column.name) })];
    return row(words, textFor(column, said.meaningOf(text, column.name), draft.values[column.name]?.[text] ?? "", `value-${column.name}-${text}`, change));
  });
}

function saveRow(item, onChange) {
  const name = element("input", { type: "text", value: item.draft.name, maxLength: 100, autocomplete: "off" });
  name.dataset.key = "name";
  name.addEventListener("input", () => { item.draft.name = name.value.trim(); });
  const alert = element("div", { className: "alert", hidden: true });
  alert.setAttribute("role", "alert");
  const { missing } = item.assessed.read.alignment;
  const lacks = element("p", { className: "second", hidden: !missing.length, textContent: missing.length ? said.mappingLacks(missing) : "" });
  const save = element("button", { type: "button", className: missing.length ? "button" : "button is-main", textContent: missing.length ? said.saveIncomplete : said.saveMapping });
  const leave = element("button", { type: "button", className: "button is-bare", textContent: said.leaveMapping });
  leave.addEventListener("click", async () => { item.draft = null; await onChange(); item.part("map").focus(); });
  save.addEventListener("click", async () => {
    save.disabled = true;
    try {
      item.mapping = await store(item);
      item.draft = null;
      item.unused = null;
      forgetSaved();
      await onChange();
      item.part("send").focus();
    } catch (fault) {
      tellFault(alert, fault);
      alert.hidden = false;
      save.disabled = false;
      save.focus();
    }
  });
  const parts = [element("label", { className: "field" }, element("span", { textContent: said.mappingName }), name), save, leave];
  if (item.draft.id) parts.push(removal(item, alert, onChange));
  return element("div", { className: "map-foot" }, lacks, ...parts, alert);
}

/** Return the button that takes the mapping away from everybody, at the second click: the first one tells what follows. */
function removal(item, alert, onChange) {
  const button = element("button", { type: "button", className: "button is-bare", textContent: said.removeMapping });
  let isAsked = false;
  button.addEventListener("click", async () => {
    tellFault(alert, { message: said.askRemoveMapping });
    alert.hidden = false;
    button.textContent = said.confirmRemoveMapping;
    if (!isAsked) { isAsked = true; return; }
    try {
      await remove(`/analytics/mappings/${item.draft.id}`);
      Object.assign(item, { draft: null, mapping: null, unused: null });
      forgetSaved();
      await onChange();
      item.part("map").focus();
    } catch (fault) {
      tellFault(alert, fault);
    }
  });
  return button;
}

function store({ draft, assessed }) {
  const { id, name, datasetType, columns, constants, values, dateFormats, zone, zoneAbbreviations } = draft;
  const header = assessed.read.labels.filter((label) => label.trim());
  const body = { name, datasetType, columns, constants, values, dateFormats, zone, zoneAbbreviations, header };
  return id ? call("PUT", `/analytics/mappings/${id}`, body) : call("POST", "/analytics/mappings", body);
}
