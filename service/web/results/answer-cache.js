/** Answers of visited steps, so that going back needs no request and restores the scroll position. */

const MAX_ANSWERS = 30;
const answers = new Map(); // address -> {answer, scroll}

/** Cache the answer of the step at `url`. The least recently added is evicted. */
export function cacheAnswer(url, answer) {
  answers.delete(url);
  answers.set(url, { answer, scroll: 0 });
  if (answers.size > MAX_ANSWERS) answers.delete(answers.keys().next().value);
}

/** Save the scroll position of the step at `url`. */
export function saveScroll(url) {
  if (answers.has(url)) answers.get(url).scroll = window.scrollY;
}

/** `{answer, scroll}` of a step, or undefined if it is not cached. */
export const cachedAnswer = (url) => answers.get(url);

/** Clear the cache: the catalogue has changed. */
export const clearAnswers = () => answers.clear();
