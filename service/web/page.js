/** The page: an address is a step, a step a query, its results are cards, and a card links to the next step. */

import { cacheAnswer, cachedAnswer, clearAnswers, saveScroll } from "./results/answer-cache.js";
import * as api from "./api.js";
import { chosenFilters } from "./query/filters.js";
import { keepingFocus } from "./focus.js";
import { onPart } from "./query/part.js";
import { onPicture } from "./query/picture-input.js";
import { keepPicture } from "./pictures.js";
import { drawQuery } from "./query/query.js";
import { searchBody } from "./query/search-body.js";
import { drawAnswer, drawProblem, drawReading, drawWaiting } from "./results/results.js";
import { address, bounded, earlierTurns, isQuery, reworded, spoken, start, stepAt, withReference } from "./steps.js";
import { toggled } from "./query/suggestions.js";
import { trailEntry } from "./query/trail.js";
import { onUnderstood } from "./results/understood.js";
import { onWords } from "./query/words.js";

const PAGE = 24; // products per request: whole rows of 2, 3, 4 and 6
const PAUSE = 450; // ms after the last keystroke before the text is searched for
const MAX_TRAIL = 12;
const TWO_COLUMNS = "(min-width: 60rem)"; // as in page.css: the results are beside the query

const at = (id) => document.getElementById(id);
const hasMouse = () => matchMedia("(hover: hover) and (pointer: fine)").matches;
const known = new Map(); // products received, by id
const likenesses = new Map(); // the product nearest to a picture, by the picture's id

let step = start();
let entry = { trail: [], draft: false }; // state of the browser's history entry
let answer; // {items, total, facts} of the step, or undefined while it is loading
let catalog;
let pending = new AbortController();
let pause;
let chosen; // the file that was chosen last

const state = () => ({
  step,
  trail: path(),
  answer,
  catalog,
  reference: known.get(step.product),
  likeness: known.get(step.product) ?? likenesses.get(step.picture),
  seen: [...known.values()],
});

/** The entries of the trail: references that were left, then earlier turns about the current one. */
const path = () => [...entry.trail, ...earlierTurns(step).map((earlier) => trailEntry(earlier, known.get(step.product)))];

// Navigation

/**
 * Go to a step. Steps made while typing are drafts: each replaces the one before in the browser's history, and so does
 * the `finished` one, so that going back skips them.
 */
function go(wanted, { trail = entry.trail, draft = false, finished = false } = {}) {
  clearTimeout(pause);
  saveScroll(question(step));
  const next = bounded(wanted);
  const url = address(next);
  const same = new URL(url, location.href).href === location.href;
  const kept = { trail: isQuery(next) ? trail.slice(-MAX_TRAIL) : [], draft };
  history[same || ((draft || finished) && entry.draft) ? "replaceState" : "pushState"](kept, "", url);
  return show({ visited: question(next) === question(step), typing: draft });
}

/** What a step asks for, as an address: the same while its text is typed and when it is a turn. */
const question = (step) => address(spoken(step));

/** Show the step of the current address; if it was `visited`, from the cache and at its scroll position. */
async function show({ visited = false, typing = false } = {}) {
  clearTimeout(pause);
  pending.abort();
  pending = new AbortController();
  step = stepAt(location.search);
  const { trail = [], draft = false } = history.state ?? {};
  // An entry of the browser's history may come from an older version of this page.
  entry = { trail: trail.map((kept) => ({ ...kept, step: { ...start(), ...kept.step } })), draft };
  const earlier = visited ? cachedAnswer(question(step)) : undefined;
  answer = earlier?.answer;
  if (!typing) at("text").value = step.text; // it would discard letters typed since
  if (!earlier) return ask(pending.signal);
  draw(() => drawAnswer(state()));
  window.scrollTo(0, earlier.scroll);
}

/** Draw the query and the results. What has the focus may be hidden or removed by that. */
const draw = (drawResults) =>
  keepingFocus(at("heading"), () => {
    drawQuery(state(), suggest);
    drawResults();
  });

async function ask(signal) {
  draw(() => drawWaiting(step));
  let asked = [];
  try {
    if (Object.keys(step.filters).length) await loadCatalog(signal); // for the types of the filters
    asked = [part(0, signal), loadReference(signal), loadCatalog(signal)];
    const [first] = await Promise.all(asked);
    if (first.facts && first.facts.generation !== catalog.generation) {
      catalog = undefined;
      clearAnswers();
      await loadCatalog(signal);
    }
    answer = first;
    answer.items.forEach((product) => known.set(product.id, product));
    if (step.picture && !likenesses.has(step.picture)) likenesses.set(step.picture, answer.items[0]);
    cacheAnswer(question(step), answer);
    draw(() => drawAnswer(state()));
  } catch (error) {
    await Promise.allSettled(asked);
    draw(() => showError(error, signal)); // with the query: the shopper may have to change what caused the error
  }
}

async function askForMore() {
  const { signal } = pending;
  const before = answer.items.length;
  at("more").disabled = true;
  try {
    const { items } = await part(before, signal);
    answer.items.push(...items);
    items.forEach((product) => known.set(product.id, product));
    drawAnswer(state(), before);
    if (at("more").hidden) at("products").children[before]?.querySelector("a").focus();
  } catch (error) {
    showError(error, signal);
  } finally {
    at("more").disabled = false;
  }
}

// Requests

/** One page of the step's products from `offset` on, and the facts of its search. */
async function part(offset, signal) {
  if (!isQuery(step)) {
    const { products, total } = await api.products({ seed: step.seed, offset, limit: PAGE }, signal);
    return { items: products, total };
  }
  const body = searchBody(step, catalog?.filters, { offset, k: PAGE });
  const { results, total, ...facts } = await api.search(body, signal);
  return { items: results, total, facts };
}

async function loadReference(signal) {
  if (!step.product || known.has(step.product)) return;
  const product = await api.product(step.product, signal);
  known.set(product.id, product);
}

async function loadCatalog(signal) {
  catalog ??= await api.catalog(signal);
}

function showError(error, signal) {
  if (error.name === "AbortError" || signal.aborted) return;
  if (error instanceof api.Problem) drawProblem(state(), error);
  else {
    console.error(error);
    drawProblem(state(), { title: "Something went wrong on this page", detail: "", hint: "Reload the page." });
  }
}

// Events

/** The step with the current content of the text field. */
const asWorded = () => reworded(step, at("text").value);

function search() {
  go(spoken(asWorded()), { finished: true });
  if (matchMedia(TWO_COLUMNS).matches) return;
  // The results are below the query: show them, and close the keyboard of a phone.
  at("heading").scrollIntoView();
  if (!hasMouse()) at("heading").focus({ preventScroll: true });
}

const clearFilters = () => go({ ...asWorded(), filters: {} });

const suggest = (suggestion, all) => go({ ...step, text: toggled(at("text").value, suggestion, all) });

/** Make a product the reference; this step is appended to the trail. */
function pick(id) {
  const here = trailEntry(step, known.get(step.product));
  go(withReference(step, id), { trail: isQuery(step) ? [...entry.trail, here] : [] });
  window.scrollTo(0, 0);
  // On a phone, focusing the field would open the keyboard over the results.
  const field = hasMouse() ? at("text") : at("heading");
  field.focus({ preventScroll: true });
}

async function usePicture(file) {
  const { signal } = pending;
  chosen = file;
  drawReading();
  try {
    const id = await keepPicture(file, catalog?.image_formats);
    if (file !== chosen) return; // another one was chosen while this one was decoded
    go({ ...asWorded(), product: "", picture: id, box: null }, { trail: [] });
  } catch (error) {
    showError(error, signal);
  }
}

/** Call `act` on plain clicks, not on those that open a tab or a menu. */
function onPlainClick(target, act) {
  target.addEventListener("click", (event) => {
    if (!(event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)) act(event);
  });
}

at("query").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
at("text").addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => go(asWorded(), { draft: true }), PAUSE);
});
at("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  search();
});
at("filter-fields").addEventListener("change", () =>
  go({ ...asWorded(), filters: chosenFilters(at("filter-fields")) }),
);
at("clear-filters").addEventListener("click", clearFilters);
at("empty-clear").addEventListener("click", clearFilters);
at("remove").addEventListener("click", () => go({ ...asWorded(), product: "", picture: "", box: null }, { trail: [] }));
at("surprise").addEventListener("click", () => go(start(2 + Math.floor(Math.random() * 1e6))));
at("restart").addEventListener("click", () => go(start()));
at("more").addEventListener("click", askForMore);
at("retry").addEventListener("click", () => {
  at("reference-picture").removeAttribute("src"); // it may have failed, too
  show();
});
onPlainClick(at("home"), (event) => {
  event.preventDefault();
  go(start());
});
onPlainClick(at("products"), (event) => {
  const { id } = event.target.closest(".card")?.dataset ?? {};
  if (!id) return;
  event.preventDefault();
  pick(id);
});
onPlainClick(at("trail"), (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  event.preventDefault();
  const index = Number(link.dataset.index);
  go(path()[index].step, { trail: entry.trail.slice(0, index) });
});
onPicture(usePicture);
onPart((box) => go({ ...asWorded(), box }, { draft: true }));
onWords((change) => go(change(asWorded())));
onUnderstood((change) => go(change(asWorded())));
window.addEventListener("popstate", () => {
  saveScroll(question(step));
  show({ visited: true });
});

history.scrollRestoration = "manual";
show();
