/** The service as the page uses it. All addresses are relative to the page, which may lie below a path of a shop's site. */

/** An error the shopper can read: a title, what happened, and what to do about it. */
export class Problem extends Error {
  /** `status` is that of HTTP; it is left out where no answer came. */
  constructor({ title, detail = "", hint = "", status }) {
    super(detail || title);
    Object.assign(this, { title, detail, hint, status });
  }
}

/** The words and numbers that can be filtered by, and what is being served. */
export const catalog = (signal) => ask("catalog", { signal });

/** One product: id, title, attributes, image. */
export const product = (id, signal) => ask(`products/${encodeURIComponent(id)}`, { signal });

/** The address of a product's picture, `width` pixels wide at most. */
export const pictureOf = (id, width) => `products/${encodeURIComponent(id)}/image?w=${width}`;

/** A part of the catalogue in the shuffled order that `seed` stands for. */
export const products = ({ seed, offset, limit }, signal) =>
  ask(`products?${new URLSearchParams({ seed, offset, limit })}`, { signal });

/** The products that fit a query (the service's search body). */
export const search = (query, signal) =>
  ask("search", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(query),
    signal,
  });

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      title: "The shop cannot be reached",
      detail: "The service did not answer.",
      hint: "Check the connection, then try again.",
    });
  }
  const { status } = response;
  const json = response.headers.get("Content-Type")?.includes("json");
  const body = json ? await response.json() : {};
  if (response.ok) return body;
  const wait = response.headers.get("Retry-After");
  const hint = body.hint ?? (wait ? `Try again in ${wait} seconds.` : "Try again in a moment.");
  throw new Problem({ title: `The service answered ${status}`, ...body, hint, status });
}
