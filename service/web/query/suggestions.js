/** Suggested changes, worded from the catalogue's attributes. */

const MAX_SUGGESTIONS = 10;
const WORDINGS = {
  length: (value) => (/^(long|regular|short)$/.test(value) ? `${value} length` : value),
  neckline: (value) => (/neck$/.test(value) ? value : `${value} neckline`),
  sleeve: (value) => (/less$/.test(value) ? value : `${value} sleeves`),
};
const FAMILIES = {
  detail: (value, name) => `${value} ${name}`,
  size: (value) => `size ${value}`,
  "second colour": (value) => `with ${value}`,
};
const WORN_IN = new Set(["colour", "material"]);
// Shoppers rarely want to change what a product is, as opposed to how it looks.
const UNCHANGED = new Set(["kind", "people", "brand", "size", "season", "year", "second colour"]);
const ENOUGH_SEEN = 8;

/**
 * Suggested modifications: attributes in turn, the most frequent values first.
 *
 * @param filters the `filters` of /catalog
 * @param {Object} like attributes of the reference, or of the product most similar to a picture: only these are suggested
 * @param {Object} own the reference's attributes, {} if unknown: its own values are not suggested
 * @param {Object[]} seen products received: a value is suggested if a product of the same kind has it
 * @returns {{attribute: string, phrase: string}[]}
 */
export function suggestions(filters, like, own, seen) {
  const kinds = Object.keys(filters).filter((name) => filters[name].family === "kind" && filters[name].kind === "text");
  const alike = seen.filter(({ attributes }) => kinds.every((kind) => attributes[kind] === like[kind]));
  const worn = (name, value) => alike.some(({ attributes }) => [attributes[name]].flat().includes(value));
  const possible = (name, value) => alike.length < ENOUGH_SEEN || worn(name, value);
  const another = (name, value) => ![own[name]].flat().includes(value);
  const queues = Object.entries(filters)
    .filter(([name, filter]) => isWorded(filter) && !UNCHANGED.has(filter.family) && like[name])
    .map(([name, { values, family }]) =>
      values
        .filter(({ value, count }) => count > 1 && value && another(name, value) && possible(name, value))
        .map(({ value }) => ({ attribute: name, phrase: phrase(name, value, family) })),
    );
  const chosen = [];
  for (let turn = 0; chosen.length < MAX_SUGGESTIONS && queues.some((queue) => turn < queue.length); turn += 1) {
    chosen.push(...queues.filter((queue) => turn < queue.length).map((queue) => queue[turn]));
  }
  return chosen.slice(0, MAX_SUGGESTIONS);
}

/** The text with a suggestion added, or removed if it is there. It replaces another value of the same attribute. */
export function toggled(text, { attribute, phrase }, all) {
  const parts = phrases(text);
  const rivals = all.filter((other) => other.attribute === attribute).map((other) => other.phrase);
  const kept = parts.filter((part) => !rivals.includes(part));
  return (parts.includes(phrase) ? kept : [...kept, phrase]).join(", ");
}

/** Whether the text has the suggestion as one of its comma-separated parts. */
export const isIn = (text, { phrase }) => phrases(text).includes(phrase);

const phrases = (text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);

/** Whether an attribute of /catalog's `filters` holds words that a shopper would use. */
export const isWorded = ({ role, kind }) => role === "wish" && (kind === "text" || kind === "list");

/** A value in words: "long" of sleeve is "long sleeves", "high" of heel is "high heel". */
export function wording(name, value, family) {
  const [plain, word] = [name.toLowerCase(), value.toLowerCase()];
  if (family === "size") return FAMILIES.size(value);
  return (WORDINGS[plain] ?? FAMILIES[family])?.(word, plain) ?? word;
}

const phrase = (name, value, family) =>
  WORN_IN.has(family) ? `in ${wording(name, value, family)}` : wording(name, value, family);
