/** The trail: links to the earlier steps. */

import { pictureOf } from "../api.js";
import { picture } from "../pictures.js";
import { address, said } from "../steps.js";
import { signed } from "./words.js";

/** A step's entry on the trail; `reference` is its reference product, if any. */
export const trailEntry = (step, reference) => ({
  step,
  title: titleOf(step, reference),
  image: reference && pictureOf(reference.id, 80),
});

/** The title of a step's reference. */
export const titleOf = (step, reference) => reference?.title ?? (step.picture ? "Your picture" : "");

/** Draw `trail`, a list of entries, into the navigation `box`. */
export function drawTrail(box, trail) {
  box.hidden = trail.length === 0;
  box.firstElementChild.replaceChildren(
    ...trail.map(({ step, title, image: source = picture(step.picture) }, index) => {
      const item = document.getElementById("trail-step").content.firstElementChild.cloneNode(true);
      const [link, image, words] = ["a", "img", "span"].map((tag) => item.querySelector(tag));
      link.href = address(step);
      link.dataset.index = index;
      const text = said(step).at(-1);
      words.textContent = [text ? `“${text}”` : title, ...signed(step)].join(" ");
      if (source) {
        image.src = source;
        image.alt = text ? title : "";
      } else image.remove();
      return item;
    }),
  );
}
