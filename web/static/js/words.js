/* The words and numbers that scripts print: in one place, as `server/portal/words.py` is for pages. */

/* The server's choice: pages and scripts write numbers alike. */
export const locale = document.documentElement.dataset.locale ?? "en";

export const count = (number) => number.toLocaleString(locale, { useGrouping: "always" });

const oneDigit = (number) => number.toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export function bytes(size) {
  const units = ["B", "kB", "MB", "GB"];
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : oneDigit(value)}\u00a0${units[unit]}`;
}

export function timeLeft(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 55) return `about ${Math.max(1, Math.round(seconds / 5) * 5)} s left`;
  if (seconds < 3300) return `about ${Math.max(1, Math.round(seconds / 60))} min left`;
  return `about ${oneDigit(seconds / 3600)} h left`;
}

export const encodings = { "utf-8": "UTF-8", "utf-16": "UTF-16", cp1252: "not UTF-8" };

export const fileTypes = { csv: "CSV", tsv: "TSV", jsonl: "JSON lines", parquet: "Parquet", camt053: "camt.053" };

export const said = {
  noAnswer: "The appliance does not answer. Try again in a moment.",
  signedOut: "You are signed out. Sign in, and try again.",
  answered: (status) => `The appliance answered ${status}.`,
  themes: { system: "System", light: "Light", dark: "Dark" },
  changeTheme: (theme) => `Theme: ${theme}. Change`,
  chart: "Chart",
  table: "Table",
  copy: "Copy",
  copied: "Copied",
  marked: "Marked; press Ctrl and C to copy",
  workingOut: "Working out what would change…",
  firstRows: "The first rows, the cells at fault marked",
  why: "Why",
  empty: "empty",
  fileEmpty: "The file is empty",
  gzipDamaged: "The gzip data is damaged",
  packedWithZstd: "Packed with zstd, which browsers cannot open: it is checked once it is sent",
  parquetLater: "Parquet is checked once it is sent",
  noParquet: "Named Parquet, but it is something else",
  statementsLater: "Statements are checked once they are sent",
  otherKind: (kind) => `This is ${kind}; export the data as CSV and send that`,
  webPage: "This is a web page or XML document, not a table",
  zeroBytes: "The file holds zero bytes, which no text file has",
  blankLines: "The file holds blank lines only",
  notJson: (line) => `Line ${count(line)} is not JSON`,
  notAnObject: (line) => `Line ${count(line)} is not a JSON object`,
  kinds: {
    pdf: "a PDF document",
    zip: "a ZIP archive or an Excel workbook",
    office: "an old Excel workbook or Word document",
    png: "a PNG image",
    jpeg: "a JPEG image",
    rtf: "an RTF document",
    sevenZip: "a 7-Zip archive",
    rar: "a RAR archive",
    bzip2: "a bzip2 archive",
    xz: "an XZ archive",
  },
  send: "Send",
  sendAnyway: "Send anyway",
  pause: "Pause",
  goOn: "Go on",
  cancel: "Cancel",
  remove: "Remove",
  ready: (number) => (number === 1 ? "Send it" : `Send ${count(number)} files`),
  looking: "Looking at its first rows",
  matches: (matched, whole) => `Header matches · ${matched} of ${whole} columns`,
  mismatch: (missing) => `Header does not match: ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}`,
  doubled: (names) => `More than one column stands for: ${names.join(", ")}`,
  noHeader: "None of the dataset's columns is in the first line",
  wouldBeSetAside: (rejected, judged) => `${count(rejected)} of the first ${plural(judged, "row")} would be set aside`,
  nothingLoads: "This dataset loads a file as a whole: with them, nothing would load.",
  unknown: (labels) => `Not known, will not be loaded: ${labels.join(", ")}.`,
  notUtf8: "Not UTF-8: if it is Windows-1252, say so below",
  tooLarge: (words) => `Larger than ${words}`,
  asking: "Asking for an upload URL",
  sending: ({ sent, size, speed }) => {
    const left = speed > 0 ? timeLeft((size - sent) / speed) : "";
    return [`Sending · ${bytes(sent)} of ${bytes(size)}`, speed > 0 ? `${bytes(speed)}/s` : "", left].filter(Boolean).join(" · ");
  },
  waiting: ({ sent, size }) => `No bytes get through at ${bytes(sent)} of ${bytes(size)}; trying again`,
  storageAnswered: (status) => `The storage answered ${status}`,
  connectionBroke: "The connection broke",
  paused: ({ sent, size }) => `Paused at ${bytes(sent)} of ${bytes(size)}`,
  goesOn: "Begun earlier: it goes on where it stopped",
  stoppedEarlier: "Not all of it was sent. Choose the same file again, and it goes on where it stopped.",
  fetchingRows: "Fetching the rows",
  rowsAway: "The rows cannot be read at this moment. Close this and open it again, or download them.",
  rowsSentBefore: (number) => `${plural(number, "row")} went with an earlier repair and ${number === 1 ? "is" : "are"} not shown.`,
  rowsBeyond: (shown, left) => `These are the first ${count(shown)}; the other ${count(left)} can be repaired once these are sent, or as a file.`,
  mapColumns: "Map columns…",
  changeMapping: "Change the mapping…",
  mapTitle: "Map columns",
  mapHint: "Say which of your columns stand for ours, or what is the same in every row. It is saved, and files with this header are recognised from now on.",
  optionalColumns: (number) => plural(number, "optional column"),
  notInFile: "Not in this file",
  sameInEveryRow: "Same in every row…",
  standsFor: (name) => `What stands for ${name}`,
  textOf: (name) => `${name} of every row`,
  datesOf: (name) => `How ${name} is written`,
  writtenAs: (text) => `written as ${text}`,
  inColumn: (name) => `in ${name} stands for`,
  asItIs: "As it is",
  choose: "Choose",
  required: "required",
  optional: "optional",
  mappingName: "Name of the mapping",
  saveMapping: "Save and use",
  leaveMapping: "Leave it",
  readWith: (name) => `Read with your mapping “${name}”.`,
  row: "Row ",
  spreadsheetLine: (line) => `spreadsheet line ${count(line)}`,
  sendRow: (number) => `Send row ${count(number)}`,
  wholeRow: (number) => `Whole row ${count(number)}`,
  needsRepair: "Needs repair",
  needsLook: "Needs a look",
  ready1: "Ready",
  leftOut: "Left out",
  sameKey: "Same key twice",
  rowsReady: (ready, all) => `${count(ready)} of ${plural(all, "row")} ready. The others stay set aside.`,
  sendRows: (number) => (number ? `Send ${plural(number, "row")} again` : "Send again"),
  sendingRows: "Sending the rows",
  repairsKept: "What was repaired is still here.",
  sameInOthers: (number) => `Same in ${plural(number, "other row")}`,
  surplus: (cells) => `Beyond the last column, and not sent again: ${cells.join(" · ")}.`,
  cannotBeSeen: "This cannot be seen here: change it, or tick Send when it is right.",
  ofRows: {
    "ambiguous-key": "Another row has the same key and other content, so both were set aside. Give one of them a key of its own, or send only the one that counts.",
    "missing-cell": "The row had fewer cells than the header, so its cells may stand under the wrong labels. Put them right, or tick Send when they are.",
    "extra-cell": "The row had content beyond the last column; often an unquoted comma moved its cells to the right. Put them right, or tick Send when they are.",
  },
  keyMade: "It is shown this once. Keep it where the program finds it, and nobody else does.",
  keyRotated: "It is shown this once. Give it to the program, see it used here, then revoke the old one.",
  askRotate: (name) => ({
    title: `Rotate ${name}?`,
    question: "A second key of the same name, rights and length of life is made. The old one works until you revoke it, so the program can change over without a break.",
    confirm: "Make the second key",
  }),
  askRevoke: (name, used) => ({
    title: `Revoke ${name}?`,
    question: `It stops working within seconds and cannot be brought back. It was used last: ${used}.`,
    confirm: "Revoke the key",
  }),
  invited: (email) => `Hand this link to ${email}. It is shown this once, and is good once, for a week.`,
  passwordLink: (name) => `Hand this link to ${name}. It is shown this once, and is good once, for a day.`,
  askWithdraw: (email) => ({
    title: `Take the invitation of ${email} back?`,
    question: "The link stops working now. You can invite them again.",
    confirm: "Take it back",
  }),
  askToRequireFactors: {
    title: "Ask everybody for a second factor?",
    question: "Who has none sets it up at their next click, and can do nothing here before.",
    confirm: "Ask everybody",
  },
  askToMakeFactorsOptional: {
    title: "Make second factors optional?",
    question: "Those who have one keep it, and can turn it off.",
    confirm: "Make it optional",
  },
  sent: (name) => `${name} is sent`,
  pasted: "pasted.csv",
};
