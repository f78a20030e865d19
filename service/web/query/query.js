/** The query on the page: reference, modification, suggestions, words, filters and trail. */

import { pictureOf } from "../api.js";
import { drawFilters, setFilters } from "./filters.js";
import { drawPart } from "./part.js";
import { picture } from "../pictures.js";
import { hasReference, isQuery } from "../steps.js";
import { isIn, suggestions } from "./suggestions.js";
import { drawTrail, titleOf } from "./trail.js";
import { drawWords } from "./words.js";

const at = (id) => document.getElementById(id);
let drawnCatalog;

/**
 * @param {{step, trail, catalog, reference, likeness, seen}} state `catalog`, `reference` (a product) and `likeness`
 * (the reference, or the product nearest to a picture) are undefined while loading; `seen` are all products received
 * @param {(suggestion, all) => void} onSuggestion is called when a suggestion is pressed
 */
export function drawQuery({ step, trail, catalog, reference, likeness, seen }, onSuggestion) {
  drawReference(step, reference);
  drawPart(step);
  const ready = catalog && likeness;
  const offered = ready ? suggestions(catalog.filters, likeness.attributes, reference?.attributes ?? {}, seen) : [];
  drawSuggestions(offered, step.text, onSuggestion);
  drawWords(step, catalog);
  if (catalog) drawFilterPanel(step, catalog);
  drawTrail(at("trail"), trail);
}

function drawReference(step, reference) {
  const image = at("reference-picture");
  const source = step.product ? reference && pictureOf(reference.id, 640) : picture(step.picture);
  at("reference").hidden = !source;
  at("drop").hidden = Boolean(source || step.product);
  at("remove").hidden = !hasReference(step);
  at("choose").textContent = source ? "Change" : "Choose a picture";
  if (!source) image.removeAttribute("src");
  else if (image.getAttribute("src") !== source) image.src = source;
  image.alt = at("reference-title").textContent = titleOf(step, reference);
  at("text-label").textContent = hasReference(step) ? "What should be different?" : "Or say what you are looking for";
  at("text").placeholder = hasReference(step) ? "in navy, with long sleeves" : "a navy dress with long sleeves";
}

function drawSuggestions(offered, text, onSuggestion) {
  const list = at("suggestions");
  const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
  list.hidden = offered.length === 0;
  list.replaceChildren(
    ...offered.map((suggestion) => {
      const [item, button] = [document.createElement("li"), document.createElement("button")];
      button.type = "button";
      button.textContent = suggestion.phrase;
      button.setAttribute("aria-pressed", isIn(text, suggestion));
      button.addEventListener("click", () => onSuggestion(suggestion, offered));
      item.append(button);
      return item;
    }),
  );
  list.children[focused]?.firstElementChild.focus({ preventScroll: true });
}

function drawFilterPanel(step, catalog) {
  const fields = at("filter-fields");
  if (drawnCatalog !== catalog) drawFilters(fields, catalog.filters);
  drawnCatalog = catalog;
  setFilters(fields, step.filters);
  const count = Object.keys(step.filters).length;
  at("filters").hidden = !isQuery(step) || Object.keys(catalog.filters).length === 0;
  at("filters-count").textContent = count ? `(${count})` : "";
  at("clear-filters").hidden = count === 0;
}
