/** The body of POST /search. */

import { Problem } from "../api.js";
import { picture } from "../pictures.js";
import { said } from "../steps.js";
import { typed } from "./filters.js";

/**
 * The search of a step.
 *
 * @param filters the `filters` of /catalog; not needed for a step without filters
 * @throws {Problem} if the picture of the step is not in this tab
 */
export function searchBody(step, filters, { offset, k }) {
  const body = { k, offset };
  const texts = said(step);
  if (texts.length) body.text = texts.pop();
  if (texts.length) body.history = texts;
  if (step.product) body.product_id = step.product;
  if (step.picture) body.image_base64 = keptPicture(step.picture);
  if (step.box) body.box = step.box;
  for (const kind of ["prefer", "avoid", "ignore"]) if (step[kind].length) body[kind] = step[kind];
  if (Object.keys(step.filters).length) body.filters = typed(step.filters, filters);
  return body;
}

function keptPicture(id) {
  const url = picture(id);
  if (url) return url;
  throw new Problem({
    title: "The picture of this step is gone",
    detail: "Pictures stay in the tab in which they were chosen; they are not part of a link.",
    hint: "Choose the picture again.",
    status: 404,
  });
}
