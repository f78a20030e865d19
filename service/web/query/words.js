/**
 * Words to prefer and to avoid: a field that suggests the bundle's words, and a chip for each chosen word. The service
 * knows more spellings than it lists, so it validates what is typed.
 */

import { replaceItems } from "../focus.js";
import { isQuery } from "../steps.js";

const SIGNS = { prefer: "+", avoid: "−" };
const LABELS = { prefer: "Prefer", avoid: "Avoid" };
const STYLE = "joint"; // the service's default style

const at = (id) => document.getElementById(id);
let drawnCatalog;

/** The words of a step with their signs and no-break spaces: "+ red", "− black". */
export const signed = (step) => chosen(step).map(({ kind, word }) => `${SIGNS[kind]}\u00a0${word}`);

/** Draw the words of a step; `catalog` is undefined while loading. */
export function drawWords(step, catalog) {
  const able = Boolean(catalog?.words.length && catalog.styles.includes(STYLE));
  if (able && drawnCatalog !== catalog) {
    at("known-words").replaceChildren(...catalog.words.map((value) => element("option", { value })));
    at("word").placeholder = `such as ${catalog.words[0]}`;
    drawnCatalog = catalog;
  }
  at("word-line").hidden = !able;
  // A link may contain words that are not known. They need chips to remove them.
  at("words").hidden = !isQuery(step) || !(able || chosen(step).length);
  if (at("words").hidden) at("word").value = "";
  drawChips(at("chosen-words"), step);
}

/** Call `onChange` with every change, a function from step to step. */
export function onWords(onChange) {
  const say = (kind) => {
    const word = at("word").value.trim();
    at("word").value = "";
    if (word) onChange((step) => withWord(step, kind, knownAs(word)));
    else at("word").focus();
  };
  at("prefer").addEventListener("click", () => say("prefer"));
  at("avoid").addEventListener("click", () => say("avoid"));
  at("word").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // it would submit the form
    say("prefer");
  });
  at("chosen-words").addEventListener("click", (event) => {
    const { kind, word } = event.target.closest("button")?.dataset ?? {};
    if (kind) onChange((step) => ({ ...step, [kind]: step[kind].filter((other) => other !== word) }));
  });
}

const chosen = (step) => Object.keys(SIGNS).flatMap((kind) => step[kind].map((word) => ({ kind, word })));

/** The step with a word added to `kind` (prefer or avoid), and removed from the other list. */
function withWord(step, kind, word) {
  if (step[kind].includes(word)) return step;
  const [prefer, avoid] = [step.prefer, step.avoid].map((words) => words.filter((other) => key(other) !== key(word)));
  const kept = { ...step, prefer, avoid };
  return { ...kept, [kind]: [...kept[kind], word] };
}

/** The suggested word that equals what was typed apart from spelling, else what was typed. */
const knownAs = (said) =>
  [...at("known-words").options].map(({ value }) => value).find((word) => key(word) === key(said)) ?? said;

const key = (word) => word.toLowerCase().replaceAll("-", " ");

function drawChips(list, step) {
  const chips = chosen(step).map(({ kind, word }) => {
    const [item, button] = [element("li"), element("button", { type: "button", textContent: word })];
    button.setAttribute("aria-label", `${LABELS[kind]} ${word}, remove`);
    Object.assign(button.dataset, { kind, word, sign: SIGNS[kind] });
    item.append(button);
    return item;
  });
  replaceItems(list, chips, at("prefer"));
}

const element = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
