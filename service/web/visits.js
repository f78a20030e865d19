/** Answers of the steps this tab has been at, so that going back costs nothing and lands where one was. */

const MOST = 30;
const answers = new Map(); // address -> {answer, scroll}

/** Keep what the step at `url` shows; the longest untouched goes first. */
export function remember(url, answer) {
  answers.delete(url);
  answers.set(url, { answer, scroll: 0 });
  if (answers.size > MOST) answers.delete(answers.keys().next().value);
}

/** Note how far the step at `url` was scrolled, when it is left. */
export function leave(url) {
  if (answers.has(url)) answers.get(url).scroll = window.scrollY;
}

/** `{answer, scroll}` of a step, or undefined if it has to be asked for. */
export const visit = (url) => answers.get(url);

/** Forget everything: the catalogue has changed. */
export const forget = () => answers.clear();
