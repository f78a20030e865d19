/** The answer on the page: heading, cards, and messages. */

import { blankCards, card } from "./cards.js";
import { address, isQuery, said, withReference } from "../steps.js";
import { asksForAny, drawUnderstood, spelledOut, withoutEffect } from "./understood.js";

const BLANKS = 12;
const TOO_MANY = 429; // requests: it passes
const MAX_EXPECTED = 6; // the most probable come first
const MODES = { composed: "Picture and words", image: "Picture alone", text: "Words alone" };

const at = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en-GB");
const products = (count) => `${number(count)} ${count === 1 ? "product" : "products"}`;

/** Show that an answer is loading: placeholder cards, or the last answer dimmed. */
export function drawWaiting(step) {
  drawHeading(step);
  at("products").setAttribute("aria-busy", "true");
  at("problem").hidden = at("more").hidden = at("empty").hidden = true;
  at("status").textContent = "Looking…";
  if (!at("products").childElementCount) at("products").replaceChildren(...blankCards(BLANKS));
}

/** Show that a picture is being decoded, which takes seconds for a large one. */
export function drawReading() {
  at("products").setAttribute("aria-busy", "true");
  at("problem").hidden = true;
  at("status").textContent = "Reading the picture…";
}

/**
 * @param {{step, answer, catalog, reference}} state the answer has {items, total, facts}
 * @param {number} from index of the first item to append; 0 replaces all
 */
export function drawAnswer({ step, answer, catalog, reference }, from = 0) {
  const { items, total, facts } = answer;
  drawHeading(step);
  const own = reference?.attributes ?? {};
  const cards = items.slice(from).map((product) => card(product, address(withReference(step, product.id)), own, catalog.filters));
  if (from) at("products").append(...cards);
  else at("products").replaceChildren(...cards);
  at("products").setAttribute("aria-busy", "false");
  at("problem").hidden = true;
  at("more").hidden = items.length >= total || items.length > catalog.max_offset;
  const note = facts ? noted(facts, items.length) : "";
  at("note").hidden = !note;
  at("note").textContent = note;
  drawUnderstood(facts?.understood);
  drawEmpty(step, items);
  at("facts").textContent = facts ? inWords(facts, total) : `${products(total)} · ${catalog.bundle}`;
  const count = `${number(items.length)} of ${number(total)} products shown.`;
  at("status").textContent = [count, ...spelledOut(facts?.understood)].join(" ");
}

/** Show an error. The products of this step stay. Retrying is offered for failures of the service. */
export function drawProblem({ step, answer }, { title, detail, hint, status }) {
  drawHeading(step);
  if (!answer) {
    at("products").replaceChildren();
    at("facts").textContent = "";
    at("note").hidden = true;
    drawUnderstood(undefined);
  }
  at("retry").hidden = status < 500 && status !== TOO_MANY;
  at("products").setAttribute("aria-busy", "false");
  at("problem-title").textContent = title;
  at("problem-detail").textContent = detail;
  at("problem-hint").textContent = hint;
  at("problem").hidden = false;
  at("problem").scrollIntoView({ block: "nearest" });
  at("status").textContent = "";
}

function drawHeading(step) {
  const words = said(step).at(-1);
  const pictured = step.picture ? "Closest to your picture" : "From the catalogue";
  at("heading").textContent = words ? `“${words}”` : step.product ? "More like this" : pictured;
  at("surprise").hidden = isQuery(step);
  at("restart").hidden = !isQuery(step);
  document.title = isQuery(step) ? `${at("heading").textContent} · Modiste` : "Modiste";
}

function drawEmpty(step, items) {
  const filtered = Object.keys(step.filters).length > 0;
  at("empty").hidden = items.length > 0;
  at("empty-words").textContent = filtered ? "No product passes these filters." : "There is no product to show.";
  at("empty-clear").hidden = !filtered;
}

/** What a shopper should know of an answer before looking at it. */
function noted({ text_truncated: truncated, understood }, shown) {
  const fitting = asksForAny(understood) ? (understood.fitting ?? shown) : shown; // null: the model judges alone
  const short = "These are more words than the model reads; it left out the end of them.";
  const some = `${products(fitting)} ${fitting === 1 ? "has" : "have"}`; // not always the first ones
  const close = fitting ? `${some} all of it; the others come close.` : "Nothing has all of it. These come closest.";
  return [...(truncated ? [short] : []), ...withoutEffect(understood), ...(fitting < shown ? [close] : [])].join(" ");
}

function inWords({ mode, prefer, avoid, expected, timings_ms: timings, cached, bundle, generation }, total) {
  const stages = Object.entries(timings).filter(([stage, ms]) => stage !== "total" && ms >= 0.5);
  const breakdown = stages.map(([stage, ms]) => `${stage} ${Math.round(ms)}`).join(", ");
  const time = `${Math.max(1, Math.round(timings.total))} ms${breakdown && !cached ? ` (${breakdown})` : ""}`;
  const origin = cached ? ["from the cache"] : [];
  const wanted = [
    ...named("expecting", expected.slice(0, MAX_EXPECTED)),
    ...named("preferring", Object.values(prefer)),
    ...named("avoiding", Object.values(avoid)),
  ];
  return [MODES[mode], ...wanted, products(total), time, ...origin, bundle, `generation ${generation}`].join(" · ");
}

/** Words as the service knows them, whatever spelling was sent. */
const named = (kind, words) => (words.length ? [`${kind} ${[...new Set(words)].join(", ")}`] : []);
