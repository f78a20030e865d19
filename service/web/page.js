/** The page: the address names the step, the step becomes a query, its answer cards, and a card the next step. */

import { chosenFilters, typed } from "./filters.js";
import { onPicture } from "./handover.js";
import { drawAnswer, drawProblem, drawWaiting } from "./outcome.js";
import { onPart } from "./part.js";
import { keepPicture, picture } from "./pictures.js";
import { drawRequest } from "./request.js";
import * as shop from "./shop.js";
import { address, isQuery, onward, start, stepAt } from "./steps.js";
import { toggled } from "./suggestions.js";
import { track } from "./trail.js";
import { forget, leave, remember, visit } from "./visits.js";
import { onWords } from "./words.js";

const PAGE = 24; // products at a time: whole rows of 2, 3, 4 and 6
const PAUSE = 450; // ms without a keystroke before words are searched for
const LONGEST_TRAIL = 12;

const at = (id) => document.getElementById(id);
const known = new Map(); // products seen, by id
const likenesses = new Map(); // the product nearest to a picture, by the picture's id

let step = start();
let entry = { trail: [], draft: false }; // what the browser's history keeps beside the address
let answer; // {items, total, facts} of the step, or undefined until it is there
let catalog;
let pending = new AbortController();
let pause;

const state = () => ({
  step,
  trail: entry.trail,
  answer,
  catalog,
  reference: known.get(step.product),
  likeness: known.get(step.product) ?? likenesses.get(step.picture),
  seen: [...known.values()],
});

// From step to step

/**
 * Go to a step. While the shopper types, the steps are drafts, and a draft is overwritten by the next one: one way
 * back leads before the words, not through every letter of them.
 */
function go(next, { trail = entry.trail, typing = false, draft = false } = {}) {
  clearTimeout(pause);
  leave(address(step));
  const url = address(next);
  const same = new URL(url, location.href).href === location.href;
  const kept = { trail: isQuery(next) ? trail.slice(-LONGEST_TRAIL) : [], draft };
  history[same || (typing && entry.draft) ? "replaceState" : "pushState"](kept, "", url);
  return show({ visited: same, typing });
}

/** Show the step that the address stands for; a `visited` one as it was left, if that is still known. */
async function show({ visited = false, typing = false } = {}) {
  clearTimeout(pause);
  pending.abort();
  pending = new AbortController();
  step = stepAt(location.search);
  const { trail = [], draft = false } = history.state ?? {};
  // The browser keeps its history for longer than steps keep their form.
  entry = { trail: trail.map((kept) => ({ ...kept, step: { ...start(), ...kept.step } })), draft };
  const earlier = visited ? visit(address(step)) : undefined;
  answer = earlier?.answer;
  if (!typing) at("text").value = step.text; // letters typed meanwhile would be taken back
  drawRequest(state(), suggest);
  if (!earlier) return ask(pending.signal);
  drawAnswer(state());
  window.scrollTo(0, earlier.scroll);
}

async function ask(signal) {
  drawWaiting(step);
  let asked = [];
  try {
    if (Object.keys(step.filters).length) await loadCatalog(signal); // it says how the filters are typed
    asked = [part(0, signal), loadReference(signal), loadCatalog(signal)];
    const [first] = await Promise.all(asked);
    if (first.facts && first.facts.generation !== catalog.generation) {
      catalog = undefined;
      forget();
      await loadCatalog(signal);
    }
    answer = first;
    answer.items.forEach((product) => known.set(product.id, product));
    if (step.picture && !likenesses.has(step.picture)) likenesses.set(step.picture, answer.items[0]);
    remember(address(step), answer);
    drawRequest(state(), suggest);
    drawAnswer(state());
  } catch (error) {
    await Promise.allSettled(asked);
    drawRequest(state(), suggest); // what was asked for may be why: it must be possible to change it
    complain(error, signal);
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
    complain(error, signal);
  } finally {
    at("more").disabled = false;
  }
}

// What is asked of the service

/** The products of the step from `offset` on, and the facts of the search that found them. */
async function part(offset, signal) {
  if (!isQuery(step)) {
    const { products, total } = await shop.products({ seed: step.seed, offset, limit: PAGE }, signal);
    return { items: products, total };
  }
  const query = { k: PAGE, offset };
  if (step.text.trim()) query.text = step.text.trim();
  if (step.product) query.product_id = step.product;
  if (step.picture) query.image_base64 = keptPicture();
  if (step.box) query.box = step.box;
  for (const wish of ["prefer", "avoid"]) if (step[wish].length) query[wish] = step[wish];
  if (Object.keys(step.filters).length) query.filters = typed(step.filters, catalog.filters);
  const { results, total, ...facts } = await shop.search(query, signal);
  return { items: results, total, facts };
}

function keptPicture() {
  const url = picture(step.picture);
  if (url) return url;
  throw new shop.Problem({
    title: "The picture of this step is gone",
    detail: "Pictures stay in the tab in which they were chosen; they are not part of a link.",
    hint: "Choose the picture again.",
    status: 404,
  });
}

async function loadReference(signal) {
  if (!step.product || known.has(step.product)) return;
  const product = await shop.product(step.product, signal);
  known.set(product.id, product);
}

async function loadCatalog(signal) {
  catalog ??= await shop.catalog(signal);
}

function complain(error, signal) {
  if (error.name === "AbortError" || signal.aborted) return;
  if (error instanceof shop.Problem) drawProblem(state(), error);
  else {
    console.error(error);
    drawProblem(state(), { title: "Something went wrong on this page", detail: "", hint: "Reload it, please." });
  }
}

// What the shopper does

/** The step with the words as they are in the field now, searched for or not. */
const asWorded = () => ({ ...step, text: at("text").value });

const search = () => go(asWorded(), { typing: true });

const clearFilters = () => go({ ...asWorded(), filters: {} });

const suggest = (suggestion, all) => go({ ...step, text: toggled(at("text").value, suggestion, all) });

/** Go on from a product: it becomes the reference, and this step the end of the trail. */
function goOnFrom(id) {
  const here = track(step, known.get(step.product));
  go(onward(step, id), { trail: isQuery(step) ? [...entry.trail, here] : [] });
  window.scrollTo(0, 0);
  // A keyboard that slides in over half of a phone is no help in looking at what one has just chosen.
  const field = matchMedia("(hover: hover) and (pointer: fine)").matches ? at("text") : at("heading");
  field.focus({ preventScroll: true });
}

async function bring(file) {
  const { signal } = pending;
  try {
    const id = await keepPicture(file);
    go({ ...asWorded(), product: "", picture: id, box: null }, { trail: [] });
  } catch (error) {
    complain(error, signal);
  }
}

/** Let `act` have plain clicks; a click that opens a tab or a menu stays the browser's. */
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
  pause = setTimeout(() => go(asWorded(), { typing: true, draft: true }), PAUSE);
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
at("retry").addEventListener("click", () => show());
onPlainClick(at("home"), (event) => {
  event.preventDefault();
  go(start());
});
onPlainClick(at("products"), (event) => {
  const { id } = event.target.closest(".card")?.dataset ?? {};
  if (!id) return;
  event.preventDefault();
  goOnFrom(id);
});
onPlainClick(at("trail"), (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  event.preventDefault();
  const index = Number(link.dataset.index);
  go(entry.trail[index].step, { trail: entry.trail.slice(0, index) });
});
onPicture(bring);
onPart((box) => go({ ...asWorded(), box }, { typing: true, draft: true }));
onWords((change) => go(change(asWorded())));
window.addEventListener("popstate", () => {
  leave(address(step));
  show({ visited: true });
});

history.scrollRestoration = "manual";
show();
