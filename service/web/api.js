/** Requests to the service. Addresses are relative to the page, which may lie below a path of another site. */

/** An error to show: a title, what happened, and what to do. */
export class Problem extends Error {
  /** `status` is the HTTP status, undefined if there was no answer. */
  constructor({ title, detail = "", hint = "", status }) {
    super(detail || title);
    Object.assign(this, { title, detail, hint, status });
  }
}

const KEY = "modiste-key";
const MAX_WAIT = 60_000; // ms; the service itself answers sooner

/** Hints for shoppers, by the type of a problem, where those of the service are for programs. */
const HINTS = {
  "/problems/key-needed": "Open this page with your key at the end of its address: #key=...",
  "/problems/unknown-product": "It may be sold out. Start over, or choose a picture.",
  "/problems/unknown-filter": "The catalogue has changed. Clear all filters, or start over.",
  "/problems/image-too-large": "Choose a smaller picture.",
};

/* A service that has keys needs one. An address that ends in #key=... brings it; it is kept for this tab and never sent
   as part of an address. */
const brought = new URLSearchParams(location.hash.slice(1)).get("key");
if (brought) {
  sessionStorage.setItem(KEY, brought);
  history.replaceState(history.state, "", location.pathname + location.search);
}

/** The filters and words of the catalogue, and the generation that is served. */
export const catalog = (signal) => ask("catalog", { signal });

/** One product: id, title, attributes, image, images (their number). */
export const product = (id, signal) => ask(`products/${encodeURIComponent(id)}`, { signal });

/** The address of a product's picture, `width` pixels wide at most; `number` 0 is the main one. */
export const pictureOf = (id, width, number = 0) =>
  `products/${encodeURIComponent(id)}/image?w=${width}${number ? `&n=${number}` : ""}`;

/** A page of the catalogue, shuffled by `seed`. */
export const products = ({ seed, offset, limit }, signal) =>
  ask(`products?${new URLSearchParams({ seed, offset, limit })}`, { signal });

/** Search; `query` is the body of POST /search. */
export const search = (query, signal) =>
  ask("search", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(query),
    signal,
  });

async function ask(path, { headers = {}, signal, ...options }) {
  const key = sessionStorage.getItem(KEY);
  const sent = key ? { ...headers, Authorization: `Bearer ${key}` } : headers;
  try {
    const response = await fetch(path, { ...options, headers: sent, signal: limited(signal) });
    if (response.ok) return await response.json();
    throw await refusal(response);
  } catch (error) {
    if (error instanceof Problem || error.name === "AbortError") throw error;
    throw new Problem({
      title: "The shop cannot be reached",
      detail: error.name === "TimeoutError" ? "The service did not answer in time." : "The service did not answer.",
      hint: "Check the connection, then try again.",
    });
  }
}

/** `signal`, which also fires when the service has not answered after `MAX_WAIT`. */
function limited(signal) {
  const late = new AbortController();
  setTimeout(() => late.abort(new DOMException("", "TimeoutError")), MAX_WAIT);
  return AbortSignal.any([signal, late.signal]);
}

/** The problem of an answer that is an error. One of a proxy is not a problem document. */
async function refusal(response) {
  const { status } = response;
  const document = await response.json().catch(() => ({}));
  const [seconds] = /^\d+$/.exec(response.headers.get("Retry-After")) ?? [];
  const later = seconds ? `Try again in ${seconds} s.` : "Try again in a moment.";
  const title = status < 500 ? `The shop refused the search (${status})` : `The shop is not available (${status})`;
  return new Problem({ title, ...document, hint: HINTS[document.type] ?? document.hint ?? later, status });
}
