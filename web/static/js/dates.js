/* Forms of dates that a mapping declares, read as `server/datasets/dates.py` reads them. */

const tokens = {
  YYYY: "\\d{4}", YY: "\\d{2}", MMM: "[A-Za-z]{3}", MM: "\\d{2}", M: "\\d{1,2}", DD: "\\d{2}", D: "\\d{1,2}",
  HH: "\\d{2}", H: "\\d{1,2}", hh: "0[1-9]|1[0-2]", h: "0?[1-9]|1[0-2]", mm: "\\d{2}", ss: "\\d{2}", S: "\\d{1,9}",
  A: "[AaPp][Mm]", Z: "[Zz]|[+-]\\d{2}:?\\d{2}",
};
const token = /YYYY|MMM|YY|MM|DD|HH|hh|mm|ss|[MDHhSAZ]|./g;
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/* What exports of spreadsheets and shops are written in; offered where every cell fits. */
const usual = ["DD.MM.YYYY", "D.M.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "M/D/YYYY", "YYYY/MM/DD", "DD-MM-YYYY", "DD-MMM-YYYY", "DD MMM YYYY"]
  .flatMap((day) => [day, `${day} HH:mm`, `${day} HH:mm:ss`, `${day} H:mm`, `${day} hh:mm A`, `${day} h:mm A`]);

function read(text, form) {
  const pattern = form.replace(token, (piece) => (tokens[piece] ? `(?<${piece}>${tokens[piece]})` : `\\${piece}`)).replaceAll("\\ ", " ");
  return new RegExp(`^${pattern}$`).exec(text)?.groups ?? null;
}

const two = (text) => text.padStart(2, "0");

function iso(found) {
  const year = found.YYYY ?? `20${found.YY}`;
  const month = found.MMM ? months.indexOf(found.MMM.toLowerCase()) + 1 : found.MM ?? found.M;
  const day = `${year}-${two(String(month))}-${two(found.DD ?? found.D)}`;
  if (!found.mm) return day;
  let hour = found.HH ?? found.H ?? found.hh ?? found.h;
  if (found.A) hour = String((Number(hour) % 12) + (found.A.toLowerCase() === "pm" ? 12 : 0));
  return `${day} ${two(hour)}:${found.mm}${found.ss ? `:${found.ss}` : ""}${found.S ? `.${found.S}` : ""}${found.Z ?? ""}`;
}

/** Return the text as ISO 8601; one that has none of the forms becomes one that is no time. */
export function isoOf(text, forms) {
  for (const form of forms) {
    if (form === "ISO8601") {
      if (/^\d{4}-/.test(text)) return text;
    } else {
      const found = read(text, form);
      if (found) return iso(found);
    }
  }
  return text.trim() ? `?${text}` : text;
}

/** Return the usual forms that all of the texts have, and in which they are days. */
export function formsOf(texts) {
  const isDay = (text) => {
    const [, month, day] = text.split(/[- ]/).map(Number);
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
  };
  return usual.filter((form) => texts.every((text) => { const found = read(text, form); return found && isDay(iso(found)); }));
}
