/** The trail: the steps that led here, each a link back. */

import { picture } from "./pictures.js";
import { pictureOf } from "./shop.js";
import { address } from "./steps.js";
import { signed } from "./words.js";

/** What a step leaves on the trail; `reference` is its reference if that is a product. */
export const track = (step, reference) => ({ step, title: titleOf(step, reference), image: reference && pictureOf(reference.id, 80) });

/** What a step's reference is called on the page. */
export const titleOf = (step, reference) => reference?.title ?? (step.picture ? "Your picture" : "");

/** Draw `trail`, a list of tracks, into the navigation `box`. */
export function drawTrail(box, trail) {
  box.hidden = trail.length === 0;
  box.firstElementChild.replaceChildren(
    ...trail.map(({ step, title, image: source = picture(step.picture) }, index) => {
      const item = document.getElementById("trail-step").content.firstElementChild.cloneNode(true);
      const [link, image, words] = ["a", "img", "span"].map((tag) => item.querySelector(tag));
      link.href = address(step);
      link.dataset.index = index;
      words.textContent = [step.text ? `“${step.text}”` : title, ...signed(step)].join(" ");
      if (source) {
        image.src = source;
        image.alt = step.text ? title : "";
      } else image.remove();
      return item;
    }),
  );
}
