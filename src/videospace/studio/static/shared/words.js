// The words of the page in the language of the interface. English is written where it is used; the
// studio has the translations.

const REMEMBERED = "studio.language";
const ENGLISH = { language: "en", direction: "ltr", languages: { en: "English" }, messages: {} };
const ATTRIBUTES = ["aria-label", "placeholder", "title", "alt", "data-empty"];
const LEFT_OUT = "script, style, kbd, [translate=no]";
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;
const HAS_WORDS = /\p{L}{2}/u;
export const isChosen = localStorage.getItem(REMEMBERED) !== null;
const { language, direction, languages, messages } = await load();
const plurals = new Intl.PluralRules(language);

export { language, languages };

// A text with its {values} filled in. Numbers are written as the language writes them.
export const gettext = (text, values = {}) => filled(messages[text] ?? text, values);

// The same for a text with a number, {count}, that has another form for one thing.
export function ngettext(one, other, count, values = {}) {
  const form = messages[one]?.[plurals.select(count)] ?? (count === 1 ? one : other);
  return filled(form, { count, ...values });
}

export const number = (value, options = {}) => new Intl.NumberFormat(language, options).format(value);

// A number with so many digits after the point.
export const decimal = (value, digits = 1) => number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });

// A day or time, with the options of Intl.DateTimeFormat.
export const date = (when, options) => new Intl.DateTimeFormat(language, options).format(new Date(when));

// Uses another language from now on, for which the page begins anew. Null follows the browser.
export function useLanguage(code) {
  if (code) localStorage.setItem(REMEMBERED, code);
  else localStorage.removeItem(REMEMBERED);
  location.reload();
}

// A list of all languages, each in its own words. Calls `choose(code)`.
export function startLanguageChoice(select, choose = useLanguage) {
  select.replaceChildren(...Object.entries(languages).map(([code, name]) => {
    const option = new Option(name, code);
    option.lang = code;
    return option;
  }));
  select.value = language;
  select.addEventListener("change", () => choose(select.value));
}

async function load() {
  const chosen = localStorage.getItem(REMEMBERED) ?? "";
  const address = new URL(`../words.json?language=${encodeURIComponent(chosen)}`, import.meta.url).href;
  const answer = await fetch(address).catch(() => null);
  return answer?.ok ? answer.json() : ENGLISH; // a studio that is down is told about later
}

const filled = (text, values) =>
  text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : isolated(values[name])));

// A text that may be written in the other direction than what stands around it.
export const isolated = (text) => (direction === "rtl" || RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text);

function translatePage() {
  const root = document.documentElement;
  Object.assign(root, { lang: language, dir: direction });
  if (!Object.keys(messages).length) return;
  const sentences = [...root.querySelectorAll("[data-sentence]")];
  sentences.forEach(translateSentence);
  for (const element of root.querySelectorAll("*")) {
    if (element.closest(LEFT_OUT)) continue;
    for (const name of ATTRIBUTES) {
      const text = element.getAttribute(name);
      if (text && HAS_WORDS.test(text)) element.setAttribute(name, gettext(text));
    }
    if (sentences.some((sentence) => sentence.contains(element))) continue;
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) translateText(node);
  }
}

function translateText(node) {
  const text = oneLine(node.data);
  if (!HAS_WORDS.test(text)) return;
  const [start, end] = [/^\s*/.exec(node.data)[0], /\s*$/.exec(node.data)[0]];
  node.data = `${start}${gettext(text)}${end}`;
}

// A sentence with elements in it is one text, in which <1>…</1> is the first of them.
function translateSentence(sentence) {
  const elements = [...sentence.children];
  const text = oneLine([...sentence.childNodes].map((node) => {
    const at = elements.indexOf(node) + 1;
    return at ? `<${at}>${node.textContent}</${at}>` : node.data;
  }).join(""));
  const parts = gettext(text).split(/<(\d)>(.*?)<\/\1>/);
  sentence.replaceChildren(...parts.map((part, index) => {
    if (index % 3 === 0) return part;
    if (index % 3 === 1) return "";
    elements[parts[index - 1] - 1].textContent = part;
    return elements[parts[index - 1] - 1];
  }));
}

const oneLine = (text) => text.replace(/\s+/g, " ").trim();

translatePage();
