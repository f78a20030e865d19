/** What the service understood of the text: a chip for each wish, which takes it back, and the words without a meaning. */

import { replaceItems } from "../focus.js";

const NUMBERS = { cheaper: "price", "more expensive": "price", newer: "year", older: "year" };

const at = (id) => document.getElementById(id);

/** Draw `understood` of an answer; undefined or null hides it. */
export function drawUnderstood(understood) {
  const chips = understood ? [...wishes(understood)] : [];
  replaceItems(at("understood"), chips.map(chip), at("heading"));
  at("not-understood").textContent = unknown(understood);
  at("not-understood").hidden = !unknown(understood);
}

/** `understood` in sentences, for screen readers. */
export function spelledOut(understood) {
  const names = understood ? [...wishes(understood)].map(({ text }) => text) : [];
  return [names.length ? `Understood: ${names.join(", ")}.` : "", unknown(understood)].filter(Boolean);
}

const unknown = (understood) =>
  understood?.not_understood.length ? `Not understood: ${understood.not_understood.join(", ")}` : "";

/** Whether the service understood any wish, which products can have. */
export const asksForAny = (understood) => Boolean(understood) && !wishes(understood).next().done;

/** Sentences about wishes for numbers that the catalogue does not state, so that no product can be judged by them. */
export function withoutEffect(understood) {
  const compared = (understood?.relative ?? []).map((wish) => ({ ...wish, family: NUMBERS[wish.direction] }));
  return [...(understood?.constraints ?? []), ...compared]
    .filter(({ family, column }) => family && column === null)
    .map(({ family, said }) => `The catalogue states no ${family}, so “${said}” has no effect.`);
}

/** Call `onChange` when a wish is taken back, with a function from step to step. */
export function onUnderstood(onChange) {
  at("understood").addEventListener("click", (event) => {
    const { said } = event.target.closest("button")?.dataset ?? {};
    if (said) onChange((step) => ({ ...step, ignore: [...step.ignore, said] }));
  });
}

function* wishes({ wanted, unwanted, relative, constraints, keep, different }) {
  for (const { word, said } of wanted) yield { text: word, said };
  for (const { word, said } of unwanted) yield { text: `not ${word}`, said, kind: "avoid" };
  for (const { direction, of, said } of relative) yield { text: `${direction} ${of}`.trim(), said };
  for (const { family, min, max, said } of constraints) yield { text: `${family} ${range(min, max)}`, said };
  for (const family of keep) yield { text: `same ${family}`, said: family };
  for (const family of different) yield { text: `another ${family}`, said: family };
}

const range = (min, max) =>
  min === null ? `up to ${max}` : max === null ? `from ${min}` : min === max ? `${min}` : `${min} to ${max}`;

function chip({ text, said, kind = "prefer" }) {
  const [item, button] = [document.createElement("li"), document.createElement("button")];
  Object.assign(button, { type: "button", textContent: text });
  button.setAttribute("aria-label", `${text}, take back`);
  Object.assign(button.dataset, { said, kind });
  item.append(button);
  return item;
}
