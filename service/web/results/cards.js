/** Product cards. */

import { pictureOf } from "../api.js";
import { wording } from "../query/suggestions.js";

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
  showPicture(image, product.id, 0);
  image.addEventListener("error", () => item.classList.add("missing"));
  image.addEventListener("load", () => item.classList.remove("missing"));
  if (product.images > 1) stepThrough(item.querySelector(".card-next"), image, product);
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

/** Let a button show a product's pictures in turn. */
function stepThrough(button, image, { id, title, images }) {
  let number = 0;
  const tell = () => {
    button.textContent = `${number + 1} / ${images}`;
    button.ariaLabel = `Next picture of ${title}, ${number + 1} of ${images} is shown`;
  };
  button.addEventListener("click", (event) => {
    event.stopPropagation(); // a click on the card searches
    number = (number + 1) % images;
    showPicture(image, id, number);
    tell();
  });
  button.hidden = false;
  tell();
}

function showPicture(image, id, number) {
  image.srcset = WIDTHS.map((width) => `${pictureOf(id, width, number)} ${width}w`).join(", ");
  image.src = pictureOf(id, WIDTHS[0], number);
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
