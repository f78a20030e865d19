/** Suggested changes, worded from the catalogue's attributes. */

const MOST = 10;
const WORDINGS = {
  colour: (value) => value,
  color: (value) => value,
  material: (value) => value,
  pattern: (value) => value,
  type: (value) => value,
  style: (value) => value,
  "second colour": (value) => `with ${value}`,
  length: (value) => (/^(long|regular|short)$/.test(value) ? `${value} length` : value),
  neckline: (value) => (/neck$/.test(value) ? value : `${value} neckline`),
  sleeve: (value) => (/less$/.test(value) ? value : `${value} sleeves`),
};
const WORN_IN = new Set(["colour", "color", "material"]);
// Shoppers rarely want to change what a product is, as opposed to how it looks.
const KINDS = ["type", "category", "articleType"];
const UNCHANGED = new Set([...KINDS, "gender", "brand", "season", "year", "second colour"]);
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
  const alike = seen.filter(({ attributes }) => KINDS.every((kind) => attributes[kind] === like[kind]));
  const worn = (name, value) => alike.some(({ attributes }) => [attributes[name]].flat().includes(value));
  const possible = (name, value) => alike.length < ENOUGH_SEEN || worn(name, value);
  const another = (name, value) => ![own[name]].flat().includes(value);
  const queues = Object.entries(filters)
    .filter(([name, { kind }]) => (kind === "text" || kind === "list") && !UNCHANGED.has(name))
    .filter(([name]) => like[name])
    .map(([name, { values }]) =>
      values
        .filter(({ value, count }) => count > 1 && value && another(name, value) && possible(name, value))
        .map(({ value }) => ({ attribute: name, phrase: phrase(name, value) })),
    );
  const chosen = [];
  for (let turn = 0; chosen.length < MOST && queues.some((queue) => turn < queue.length); turn += 1) {
    chosen.push(...queues.filter((queue) => turn < queue.length).map((queue) => queue[turn]));
  }
  return chosen.slice(0, MOST);
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

/** A value in words: "long" of sleeve is "long sleeves", "high" of heel is "high heel". */
export function wording(name, value) {
  const word = value.toLowerCase();
  return WORDINGS[name.toLowerCase()]?.(word) ?? `${word} ${name.toLowerCase()}`;
}

const phrase = (name, value) => (WORN_IN.has(name.toLowerCase()) ? `in ${wording(name, value)}` : wording(name, value));
