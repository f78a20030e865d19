/** Lists whose items are drawn anew while one of them may have the focus. */

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
