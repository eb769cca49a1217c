/* The words that scripts print, and sizes and times: in one place, as `server/portal/words.py` is for pages. */

import { _, count, counted, listed, locale, pgettext } from "./texts.js";

const oneDigit = (number) => number.toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const sizes = [
  (number) => _("%(number)s\u00a0B", { number }),
  (number) => _("%(number)s\u00a0kB", { number }),
  (number) => _("%(number)s\u00a0MB", { number }),
  (number) => _("%(number)s\u00a0GB", { number }),
];

export function bytes(size) {
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < sizes.length - 1) { value /= 1000; unit += 1; }
  return sizes[unit](unit === 0 || value >= 99.95 ? value.toFixed(0) : oneDigit(value));
}

export const percent = (ratio) => `${count(Math.round(ratio * 100))}\u00a0%`;

export function timeLeft(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 55) return _("about %(number)s s left", { number: count(Math.max(1, Math.round(seconds / 5) * 5)) });
  if (seconds < 3300) return _("about %(number)s min left", { number: count(Math.max(1, Math.round(seconds / 60))) });
  return _("about %(number)s h left", { number: oneDigit(seconds / 3600) });
}

export const encodings = { "utf-8": "UTF-8", "utf-16": "UTF-16", cp1252: _("not UTF-8") };

/* Names of formats, but for one: the same in every language. */
export const fileTypes = { csv: "CSV", tsv: "TSV", jsonl: _("JSON lines"), parquet: "Parquet", camt053: "camt.053" };

export const delimiters = { ",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("pipe") };

export const said = {
  noAnswer: _("The appliance does not answer. Try again in a moment."),
  signedOut: _("You are signed out. Sign in, and try again."),
  answered: (status) => _("The appliance answered %(status)s.", { status }),
  of: (name, words) => _("%(name)s: %(words)s", { name, words }),
  themes: {
    system: pgettext("a theme", "System"),
    light: pgettext("a theme", "Light"),
    dark: pgettext("a theme", "Dark"),
  },
  changeTheme: {
    system: _("Theme: system. Change"),
    light: _("Theme: light. Change"),
    dark: _("Theme: dark. Change"),
  },
  chart: _("Chart"),
  table: _("Table"),
  copy: _("Copy"),
  copied: _("Copied"),
  marked: _("Marked; press Ctrl and C to copy"),
  asked: (label) => (label.endsWith("…") ? _("%(action)s?", { action: label.slice(0, -1) }) : label),
  workingOut: _("Working out what would change…"),
  firstRows: _("The first rows, the cells at fault marked"),
  why: _("Why"),
  empty: pgettext("a cell", "empty"),
  fileEmpty: _("The file is empty"),
  gzipDamaged: _("The gzip data is damaged"),
  packedWithZstd: _("Packed with zstd, which browsers cannot open: it is checked once it is sent"),
  parquetLater: _("Parquet is checked once it is sent"),
  noParquet: _("Named Parquet, but it is something else"),
  statementsLater: _("Statements are checked once they are sent"),
  webPage: _("This is a web page or XML document, not a table"),
  zeroBytes: _("The file holds zero bytes, which no text file has"),
  blankLines: _("The file holds blank lines only"),
  notJson: (line) => _("Line %(line)s is not JSON", { line: count(line) }),
  notAnObject: (line) => _("Line %(line)s is not a JSON object", { line: count(line) }),
  otherKinds: {
    pdf: _("This is a PDF document; export the data as CSV and send that"),
    zip: _("This is a ZIP archive or an Excel workbook; export the data as CSV and send that"),
    office: _("This is an old Excel workbook or Word document; export the data as CSV and send that"),
    png: _("This is a PNG image; export the data as CSV and send that"),
    jpeg: _("This is a JPEG image; export the data as CSV and send that"),
    rtf: _("This is an RTF document; export the data as CSV and send that"),
    sevenZip: _("This is a 7-Zip archive; export the data as CSV and send that"),
    rar: _("This is a RAR archive; export the data as CSV and send that"),
    bzip2: _("This is a bzip2 archive; export the data as CSV and send that"),
    xz: _("This is an XZ archive; export the data as CSV and send that"),
  },
  send: _("Send"),
  sendAnyway: _("Send anyway"),
  pause: _("Pause"),
  goOn: _("Go on"),
  cancel: _("Cancel"),
  remove: _("Remove"),
  ready: (number) => counted("Send it", "Send %(number)s files", number),
  looking: _("Looking at its first rows"),
  matches: (matched, whole) => counted("Header matches · %(matched)s of %(number)s column", "Header matches · %(matched)s of %(number)s columns", whole, { matched: count(matched) }),
  mismatch: (missing) => {
    const columns = listed(missing.slice(0, 3));
    const left = missing.length - 3;
    if (left <= 0) return _("Header does not match: %(columns)s", { columns });
    return counted("Header does not match: %(columns)s and %(number)s more", "Header does not match: %(columns)s and %(number)s more", left, { columns });
  },
  doubled: (names) => _("More than one column stands for: %(columns)s", { columns: listed(names) }),
  noHeader: _("None of the dataset's columns is in the first line"),
  wouldBeSetAside: (rejected, judged) => counted("%(rejected)s of the first %(number)s row would be set aside", "%(rejected)s of the first %(number)s rows would be set aside", judged, { rejected: count(rejected) }),
  nothingLoads: _("This dataset loads a file as a whole: with them, nothing would load."),
  tooManyWould: (ratio) => _("At most %(share)s of the rows may be set aside: as it is, nothing would load.", { share: percent(ratio) }),
  tooManyMight: (ratio) => _("At most %(share)s of the rows may be set aside: if the rest is like these, nothing would load.", { share: percent(ratio) }),
  noRows: _("Header matches, and no rows follow it"),
  trayReady: _("Ready to send"),
  traySending: pgettext("a tray", "Sending"),
  trayLooking: pgettext("a tray", "Looking"),
  trayNeedsLook: _("Needs a look before sending"),
  trayNotSent: pgettext("a tray", "Not sent"),
  trayUnfinished: _("Begun and not ended"),
  unknown: (labels) => _("Not known, will not be loaded: %(labels)s.", { labels: listed(labels) }),
  notUtf8: _("Not UTF-8: if it is Windows-1252, say so below"),
  tooLarge: (limit) => _("Larger than %(limit)s", { limit }),
  asking: _("Asking for an upload URL"),
  sending: ({ sent, size, speed }) => {
    const told = [_("Sending · %(sent)s of %(size)s", { sent: bytes(sent), size: bytes(size) })];
    if (speed > 0) told.push(_("%(size)s/s", { size: bytes(speed) }), timeLeft((size - sent) / speed));
    return told.filter(Boolean).join(" · ");
  },
  waiting: ({ sent, size }) => _("No bytes get through at %(sent)s of %(size)s; trying again", { sent: bytes(sent), size: bytes(size) }),
  storageAnswered: (status) => _("The storage answered %(status)s", { status }),
  connectionBroke: _("The connection broke"),
  paused: ({ sent, size }) => _("Paused at %(sent)s of %(size)s", { sent: bytes(sent), size: bytes(size) }),
  goesOn: _("Begun earlier: it goes on where it stopped"),
  stoppedEarlier: _("Not all of it was sent. Choose the same file again, and it goes on where it stopped."),
  fetchingRows: _("Fetching the rows"),
  rowsAway: _("The rows cannot be read at this moment. Close this and open it again, or download them."),
  rowsSentBefore: (number) => counted("%(number)s row went with an earlier repair and is not shown.", "%(number)s rows went with an earlier repair and are not shown.", number),
  rowsBeyond: (shown, left) => counted(
    "These are the first %(shown)s; the other %(number)s can be repaired once these are sent, or as a file.",
    "These are the first %(shown)s; the other %(number)s can be repaired once these are sent, or as a file.",
    left, { shown: count(shown) },
  ),
  mapColumns: _("Map columns…"),
  changeMapping: _("Change the mapping…"),
  mapTitle: _("Map columns"),
  mapHint: _("Say which of your columns stand for ours, or what is the same in every row. It is saved, and files with this header are recognised from now on."),
  optionalColumns: (number) => counted("%(number)s optional column", "%(number)s optional columns", number),
  notInFile: _("Not in this file"),
  sameInEveryRow: _("Same in every row…"),
  standsFor: (name) => _("What stands for %(name)s", { name }),
  meaningOf: (text, name) => _("What “%(text)s” in %(name)s stands for", { text, name }),
  textOf: (name) => _("%(name)s of every row", { name }),
  datesOf: (name) => _("How %(name)s is written", { name }),
  writtenAs: (text) => _("written as %(text)s", { text }),
  quoted: (text) => _("“%(text)s”", { text }),
  inColumn: (name) => _("in %(name)s stands for", { name }),
  asItIs: _("As it is"),
  choose: pgettext("a value", "Choose"),
  required: _("required"),
  optional: _("optional"),
  mappingName: _("Name of the mapping"),
  saveMapping: _("Save and use"),
  saveIncomplete: _("Save it incomplete"),
  mappingLacks: (missing) => _("Not mapped yet: %(columns)s. Files with this header do not load until they are.", { columns: listed(missing) }),
  leaveMapping: _("Leave it"),
  removeMapping: _("Remove the mapping…"),
  confirmRemoveMapping: _("Remove it for everybody"),
  askRemoveMapping: _("Files with this header are not recognised any more. Those that were sent stay as they are."),
  withoutMapping: _("Read it without the mapping"),
  withMapping: (name) => _("Read it with “%(name)s”", { name }),
  readWith: (name) => _("Read with your mapping “%(name)s”.", { name }),
  row: _("Row"),
  spreadsheetLine: (line) => _("spreadsheet line %(number)s", { number: count(line) }),
  sendRow: (number) => _("Send row %(row)s", { row: count(number) }),
  wholeRow: (number) => _("Whole row %(row)s", { row: count(number) }),
  needsRepair: pgettext("a row", "Needs repair"),
  needsLook: pgettext("a row", "Needs a look"),
  isReady: pgettext("a row", "Ready"),
  leftOut: pgettext("a row", "Left out"),
  sameKey: _("Same key twice"),
  rowsReady: (ready, all) => counted("%(ready)s of %(number)s row ready. The others stay set aside.", "%(ready)s of %(number)s rows ready. The others stay set aside.", all, { ready: count(ready) }),
  sendRows: (number) => (number ? counted("Send %(number)s row again", "Send %(number)s rows again", number) : _("Send again")),
  sendingRows: _("Sending the rows"),
  repairsKept: _("What was repaired is still here."),
  sameInOthers: (number) => counted("Same in %(number)s other row", "Same in %(number)s other rows", number),
  surplus: (cells) => _("Beyond the last column, and not sent again: %(cells)s.", { cells: cells.join(" · ") }),
  cannotBeSeen: _("This cannot be seen here: change it, or tick Send when it is right."),
  ofRows: {
    "ambiguous-key": _("Another row has the same key and other content, so both were set aside. Give one of them a key of its own, or send only the one that counts."),
    "missing-cell": _("The row had fewer cells than the header, so its cells may stand under the wrong labels. Put them right, or tick Send when they are."),
    "extra-cell": _("The row had content beyond the last column; often an unquoted comma moved its cells to the right. Put them right, or tick Send when they are."),
  },
  keyMade: _("It is shown this once. Keep it where the program finds it, and nobody else does."),
  keyRotated: _("It is shown this once. Give it to the program, see it used here, then revoke the old one."),
  askRotate: (name) => ({
    title: _("Rotate %(name)s?", { name }),
    question: _("A second key of the same name, rights and length of life is made. The old one works until you revoke it, so the program can change over without a break."),
    confirm: _("Make the second key"),
  }),
  askRevoke: (name, used) => ({
    title: _("Revoke %(name)s?", { name }),
    question: _("It stops working within seconds and cannot be brought back. It was used last: %(used)s.", { used }),
    confirm: _("Revoke the key"),
  }),
  invited: (email) => _("Hand this link to %(email)s. It is shown this once, and is good once, for a week.", { email }),
  passwordLink: (name) => _("Hand this link to %(name)s. It is shown this once, and is good once, for a day.", { name }),
  askWithdraw: (email) => ({
    title: _("Take the invitation of %(email)s back?", { email }),
    question: _("The link stops working now. You can invite them again."),
    confirm: _("Take it back"),
  }),
  askToRequireFactors: {
    title: _("Ask everybody for a second factor?"),
    question: _("Who has none sets it up at their next click, and can do nothing here before."),
    confirm: _("Ask everybody"),
  },
  askToMakeFactorsOptional: {
    title: _("Make second factors optional?"),
    question: _("Those who have one keep it, and can turn it off."),
    confirm: _("Make it optional"),
  },
  sent: (name) => _("%(name)s is sent", { name }),
  pasted: _("pasted.csv"),
};
