/** Product cards. */

import { pictureOf } from "../api.js";
import { isWorded, wording } from "../query/suggestions.js";

const MAX_WORDS = 4;
const WIDTHS = [320, 640]; // of pictures, in pixels

/**
 * @param product a product of the service
 * @param {string} href address of the step with this product as the reference
 * @param {Object} own the reference's attributes, {} without one: the card lists those that differ
 * @param filters the `filters` of /catalog
 */
export function card(product, href, own, filters) {
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
  item.querySelector(".card-price").textContent = price(product.attributes, filters);
  item.querySelector(".card-words").textContent = differences(product.attributes, own, filters);
  return item;
}

/** Let a button show a product's pictures in turn. */
function stepThrough(button, image, { id, title, images }) {
  let number = 0;
  const tell = () => {
    button.textContent = `${number + 1} / ${images}`;
    button.ariaLabel = `${number + 1} / ${images}, next picture of ${title}`;
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
function differences(attributes, own, filters) {
  if (!Object.keys(own).length) return "";
  const worded = Object.entries(attributes).filter(([name]) => filters[name] && isWorded(filters[name]));
  const named = worded.flatMap(([name, value]) => [value].flat().map((word) => [name, word]));
  const telling = named.filter(([name, word]) => word && ![own[name]].flat().includes(word)).slice(0, MAX_WORDS);
  return telling.map(([name, word]) => wording(name, word, filters[name].family)).join(" · ");
}

/** What is paid: the lowest of a product's prices, as texts such as "under 50" are understood; empty without one. */
function price(attributes, filters) {
  const prices = Object.entries(attributes).filter(([name, value]) => filters[name]?.family === "price" && value > 0);
  if (!prices.length) return "";
  const [name, lowest] = prices.reduce((one, other) => (other[1] < one[1] ? other : one));
  return money(lowest, filters[name].currency);
}

function money(amount, currency) {
  const coded = /^[A-Z]{3}$/.test(currency ?? "");
  const form = coded ? { style: "currency", currency } : { minimumFractionDigits: 2 };
  const number = new Intl.NumberFormat(undefined, form).format(amount);
  return currency && !coded ? `${currency} ${number}` : number;
}

const copy = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
