/** The focus, while what has it is drawn anew, hidden or removed. */

/** Call `draw`, and focus `fallback` if what had the focus is not visible any more and `draw` did not move it. */
export function keepingFocus(fallback, draw) {
  const focused = document.activeElement;
  draw();
  const moved = ![focused, document.body].includes(document.activeElement);
  if (!moved && !focused.checkVisibility()) fallback.focus({ preventScroll: true });
}

/**
 * Replace the items of `list`. The focus stays at its place in the list: at the last item if there are fewer now, on
 * `fallback` if there are none.
 */
export function replaceItems(list, items, fallback) {
  const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
  list.replaceChildren(...items);
  if (focused < 0) return;
  const next = items[Math.min(focused, items.length - 1)]?.firstElementChild;
  (next ?? fallback)?.focus({ preventScroll: true }); // focusing a field would open a phone's keyboard
}
