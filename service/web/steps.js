/**
 * A step is one state of the page: a reference (a product's id, or the id of a picture kept in this tab), the box of
 * its part that counts (null for the whole picture), the turns of a conversation, the text that is being typed, words
 * to prefer and to avoid, understood wishes that are taken back, filters, and the seed of the shuffle while there is no
 * query. Every step has an address.
 *
 * @typedef {{product: string, picture: string, box: number[], turns: string[], text: string, prefer: string[],
 *   avoid: string[], ignore: string[], filters: Object, seed: number}} Step
 */

const MAX_ADDRESS = 7000; // characters; the service reads 8 KiB
const MAX_TURNS = 50; // of the service

/** The seed of the front page. */
const FIRST_SEED = 1;

/** @returns {Step} the step without a query, shuffled by `seed`. */
export const start = (seed = FIRST_SEED) => ({
  product: "",
  picture: "",
  box: null,
  turns: [],
  text: "",
  prefer: [],
  avoid: [],
  ignore: [],
  filters: {},
  seed,
});

/** The step with a product as the reference. Words and filters are kept. */
export const withReference = ({ prefer, avoid, filters }, product) => ({ ...start(), product, prefer, avoid, filters });

export const hasReference = (step) => Boolean(step.product || step.picture);

export const isQuery = (step) => hasReference(step) || said(step).length > 0;

/** The texts of a step, the oldest first. */
export const said = ({ turns, text }) => [...turns, text.trim()].filter(Boolean);

/** The step whose text has become a turn. It asks for the same products, and the field is empty for the next turn. */
export const spoken = (step) => ({ ...step, turns: said(step), text: "" });

/** The steps after each turn but the last. */
export const earlierTurns = (step) =>
  said(step)
    .slice(0, -1)
    .map((_, index, turns) => ({ ...step, turns: turns.slice(0, index + 1), text: "" }));

/** The step with another text. Wishes of earlier turns stay ignored unless the text repeats them. */
export function reworded(step, text) {
  if (text.trim() === step.text.trim()) return { ...step, text };
  const repeated = (wish) => text.toLowerCase().includes(wish.toLowerCase());
  return { ...step, text, ignore: step.turns.length ? step.ignore.filter((wish) => !repeated(wish)) : [] };
}

/** The step without the oldest turns, as many as are too much for the service. */
export function bounded(step) {
  let turns = step.turns.slice(1 - MAX_TURNS);
  while (turns.length && address({ ...step, turns }).length > MAX_ADDRESS) turns = turns.slice(1);
  return { ...step, turns };
}

/** `./?product=12&turn=in+navy&avoid=striped&is.colour=red&min.price=10`. It can be shared unless it has a picture. */
export function address(step) {
  const words = new URLSearchParams();
  if (step.product) words.set("product", step.product);
  if (step.picture) words.set("picture", step.picture);
  if (step.box && hasReference(step)) words.set("box", step.box.join(","));
  step.turns.forEach((turn) => words.append("turn", turn));
  if (step.text.trim()) words.set("text", step.text.trim());
  for (const kind of ["prefer", "avoid", "ignore"]) step[kind].forEach((word) => words.append(kind, word));
  for (const [attribute, wanted] of Object.entries(step.filters)) {
    if (Array.isArray(wanted)) wanted.forEach((value) => words.append(`is.${attribute}`, value));
    else Object.entries(wanted).forEach(([end, number]) => words.set(`${end}.${attribute}`, number));
  }
  if (!isQuery(step) && step.seed !== FIRST_SEED) words.set("seed", step.seed);
  return words.size ? `./?${words}` : "./";
}

/** The step of an address (from `?` on). Invalid parts are ignored. */
export function stepAt(search) {
  const words = new URLSearchParams(search);
  const step = start(/^\d{1,9}$/.test(words.get("seed")) ? Number(words.get("seed")) : FIRST_SEED);
  step.product = words.get("product") ?? "";
  step.picture = step.product ? "" : (words.get("picture") ?? "");
  step.box = hasReference(step) ? boxOf(words.get("box") ?? "") : null;
  step.turns = words.getAll("turn").filter((turn) => turn.trim());
  step.text = words.get("text") ?? "";
  for (const kind of ["prefer", "avoid", "ignore"]) step[kind] = distinct(words.getAll(kind));
  for (const [word, value] of words) {
    const [, end, attribute] = /^(is|min|max)\.(.+)$/s.exec(word) ?? [];
    if (end === "is") step.filters[attribute] = [...list(step.filters[attribute]), value];
    else if (end && Number.isFinite(Number.parseFloat(value))) {
      step.filters[attribute] = { ...range(step.filters[attribute]), [end]: Number.parseFloat(value) };
    }
  }
  return step;
}

function boxOf(word) {
  const [x0, y0, x1, y1, ...rest] = word.split(",").map(Number.parseFloat);
  return 0 <= x0 && x0 < x1 && x1 <= 1 && 0 <= y0 && y0 < y1 && y1 <= 1 && !rest.length ? [x0, y0, x1, y1] : null;
}

const distinct = (words) => [...new Set(words.map((word) => word.trim()).filter(Boolean))];
const list = (wanted) => (Array.isArray(wanted) ? wanted : []);
const range = (wanted) => (Array.isArray(wanted) ? {} : wanted);
