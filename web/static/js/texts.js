/* The texts of scripts in the page's language, as `server/portal/texts.py` and `counts.py` are for pages:
   whole sentences, found by Babel in these calls, with `%(name)s` for values. */

/* The server's choice: pages and scripts write numbers alike. */
export const locale = document.documentElement.dataset.locale ?? "en";

export const count = (number) => number.toLocaleString(locale, { useGrouping: "always" });

let texts = new Map();
let formOf = () => 0;

/**
 * Speak another language than English; a page in one calls this by `/texts/<language>`, before its other modules.
 * `texts` holds text → translation, or its forms; `forms` which of them each number has
 * (`server/portal/script_texts.py`).
 */
export function speak(language) {
  const { forms, ofMillions } = language;
  const last = forms.length / 2;
  texts = new Map(Object.entries(language.texts));
  formOf = (number) => {
    if (number < forms.length) return forms[number];
    return number % 1e6 ? forms[last + (number % last)] : ofMillions;
  };
}

/** Return a text with its values filled in. */
export const filled = (text, values) => (values ? text.replace(/%\((\w+)\)s|%%/g, (_whole, name) => (name ? values[name] : "%")) : text);

/** Return the text in the page's language, its values filled in. */
export const _ = (text, values) => filled(texts.get(text) ?? text, values);

/** Return the text of a word that means several things, by what it stands for here. */
export const pgettext = (context, text, values) => filled(texts.get(`${context}\u0004${text}`) ?? text, values);

/** Return what is said of a number: the form that the language has for it; the number itself is `%(number)s`. */
export function counted(one, many, number, values) {
  const form = texts.get(one)?.[formOf(number)] ?? (number === 1 ? one : many);
  return filled(form, { number: count(number), ...values });
}

/** Say whether what an element holds is English, on a page in another language (WCAG 2.2, 3.1.2); return it. */
export function inEnglish(element, isEnglish = true) {
  if (isEnglish && document.documentElement.lang !== "en") element.lang = "en";
  else element.removeAttribute("lang");
  return element;
}

/** Return things one after the other, as the language parts them. */
export const listed = (things) => things.join(_(", "));
