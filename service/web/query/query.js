/** The query on the page: reference, modification, suggestions, words, filters and trail. */

import { pictureOf } from "../api.js";
import { replaceItems } from "../focus.js";
import { drawFilters, offeredFilters, setFilters } from "./filters.js";
import { drawPart } from "./part.js";
import { picture } from "../pictures.js";
import { hasReference, isQuery } from "../steps.js";
import { isIn, suggestions } from "./suggestions.js";
import { drawTrail, titleOf } from "./trail.js";
import { drawWords } from "./words.js";

const at = (id) => document.getElementById(id);
let drawn; // the catalogue and the names of its filters that have controls

/**
 * @param {{step, trail, catalog, reference, likeness, seen}} state `catalog`, `reference` (a product) and `likeness`
 * (the reference, or the product nearest to a picture) are undefined while loading; `seen` are all products received
 * @param {(suggestion, all) => void} onSuggestion is called when a suggestion is pressed
 */
export function drawQuery({ step, trail, catalog, reference, likeness, seen }, onSuggestion) {
  const shown = drawReference(step, reference);
  drawPart(step, shown);
  drawTextField(step);
  const ready = catalog && likeness;
  const offered = ready ? suggestions(catalog.filters, likeness.attributes, reference?.attributes ?? {}, seen) : [];
  drawSuggestions(offered, step.text, onSuggestion);
  drawWords(step, catalog);
  if (catalog) drawFilterPanel(step, catalog);
  drawTrail(at("trail"), trail);
}

/** @returns {boolean} whether there is a picture to show */
function drawReference(step, reference) {
  const image = at("reference-picture");
  const source = step.product ? reference && pictureOf(reference.id, 640) : picture(step.picture);
  at("reference").hidden = !source;
  at("drop").hidden = hasReference(step);
  at("remove").hidden = !hasReference(step);
  at("choose").textContent = source ? "Change" : "Choose a picture";
  if (!source) image.removeAttribute("src");
  else if (image.getAttribute("src") !== source) {
    at("reference").classList.remove("missing");
    image.src = source;
  }
  image.alt = at("reference-title").textContent = titleOf(step, reference);
  return Boolean(source) && !at("reference").classList.contains("missing");
}

function drawTextField(step) {
  const [begun, further] = [hasReference(step), step.turns.length > 0];
  at("text-label").textContent = begun || further ? "What should be different?" : "Or say what you are looking for";
  const first = begun ? "in navy, with long sleeves" : "a navy dress with long sleeves";
  at("text").placeholder = further ? "no, in blue" : first;
}

function drawSuggestions(offered, text, onSuggestion) {
  const list = at("suggestions");
  list.hidden = offered.length === 0;
  const items = offered.map((suggestion) => {
    const [item, button] = [document.createElement("li"), document.createElement("button")];
    button.type = "button";
    button.textContent = suggestion.phrase;
    button.setAttribute("aria-pressed", isIn(text, suggestion));
    button.addEventListener("click", () => onSuggestion(suggestion, offered));
    item.append(button);
    return item;
  });
  replaceItems(list, items);
}

function drawFilterPanel(step, catalog) {
  const fields = at("filter-fields");
  const offered = offeredFilters(catalog, step.filters);
  const names = offered.map(([name]) => name).join("\n");
  if (drawn?.catalog !== catalog || drawn.names !== names) drawFilters(fields, offered);
  drawn = { catalog, names };
  setFilters(fields, step.filters);
  const count = Object.keys(step.filters).length;
  at("filters").hidden = !isQuery(step) || offered.length === 0;
  at("filters-count").textContent = count ? `(${count})` : "";
  at("clear-filters").hidden = count === 0;
}
