/** Product cards. */

import { pictureOf } from "./api.js";
import { wording } from "./suggestions.js";

const MOST_WORDS = 4;
const WIDTHS = [320, 640]; // of pictures, in pixels

/**
 * @param product a product or a result (which also has a score)
 * @param {string} href address of the step with this product as the reference
 * @param {Object} own the reference's attributes, {} without one: the card lists those that differ
 */
export function card(product, href, own) {
  const item = copy("product-card");
  item.dataset.id = product.id;
  item.querySelector("a").href = href;
  const image = item.querySelector("img");
  image.alt = product.title;
  image.srcset = WIDTHS.map((width) => `${pictureOf(product.id, width)} ${width}w`).join(", ");
  image.src = pictureOf(product.id, WIDTHS[0]);
  image.addEventListener("error", () => item.classList.add("missing"));
  item.querySelector(".card-title").textContent = product.title;
  const { price } = product.attributes;
  if (typeof price === "number") item.querySelector(".card-price").textContent = money.format(price);
  item.querySelector(".card-words").textContent = differences(product.attributes, own);
  if (product.score !== undefined) {
    const score = item.querySelector(".card-score");
    score.textContent = product.score.toFixed(2);
    score.title = "How well it fits, 1 at most";
  }
  return item;
}

/** Placeholder cards while products are loading. */
export const blankCards = (count) => Array.from({ length: count }, () => copy("blank-card"));

/** The attributes that differ from the reference's, in words; empty without a reference. */
function differences(attributes, own) {
  if (!Object.keys(own).length) return "";
  const named = Object.entries(attributes).flatMap(([name, value]) => [value].flat().map((word) => [name, word]));
  const worded = named.filter(([, word]) => typeof word === "string" && word);
  const telling = worded.filter(([name, word]) => ![own[name]].flat().includes(word)).slice(0, MOST_WORDS);
  return telling.map(([name, word]) => wording(name, word)).join(" · ");
}

const money = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2 });

const copy = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
