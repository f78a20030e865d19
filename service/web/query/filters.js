/**
 * Filter controls: check boxes for text and flags, a minimum and a maximum for numbers. Values of a step are strings,
 * as in its address; `typed` converts them for the service.
 */

const LABELS = { true: "yes", false: "no" };

const ROLES = ["wish", "fact", "stock"];

/**
 * The filters of /catalog that are of use: those that some but not all products pass, and those of the step. What
 * shoppers ask for comes first.
 */
export const offeredFilters = ({ filters, total }, wanted) =>
  Object.entries(filters)
    .filter(([name, filter]) => name in wanted || narrows(filter, total))
    .sort(([, one], [, other]) => ROLES.indexOf(one.role) - ROLES.indexOf(other.role));

const narrows = ({ kind, min, max, values }, total) =>
  kind === "number" ? min < max : values.some(({ count }) => count > 1 && count < total);

/** Draw a control for each of `offered` into `box`. */
export function drawFilters(box, offered) {
  box.replaceChildren(
    ...offered.map(([name, { kind, ...options }]) => {
      const field = element("fieldset");
      field.append(element("legend", { textContent: readable(name) }));
      field.append(kind === "number" ? range(name, options) : choices(name, options));
      return field;
    }),
  );
}

/** Set the controls in `box` to `wanted`, a step's filters. */
export function setFilters(box, wanted) {
  for (const input of inputs(box)) {
    const { attribute, end } = input.dataset;
    if (!end) input.checked = listed(wanted[attribute]).includes(input.value);
    else if (input !== document.activeElement) input.value = wanted[attribute]?.[end] ?? "";
  }
  // A link may contain a value that is too rare to be listed. It needs a control to remove it.
  for (const [attribute, values] of Object.entries(wanted)) {
    const mine = inputs(box).filter((input) => input.dataset.attribute === attribute && !input.dataset.end);
    const unlisted = listed(values).filter((value) => !mine.some((input) => input.value === value));
    const rare = unlisted.map((value) => choice(attribute, { value, count: "" }));
    mine[0]?.closest(".choices").append(...rare);
    rare.forEach((label) => (label.firstElementChild.checked = true));
  }
}

/** The filters set in `box`, in the form of a step. */
export function chosenFilters(box) {
  const chosen = {};
  for (const input of inputs(box)) {
    const { attribute, end } = input.dataset;
    if (input.checked) chosen[attribute] = [...(chosen[attribute] ?? []), input.value];
    else if (end && Number.isFinite(input.valueAsNumber)) {
      chosen[attribute] = { ...chosen[attribute], [end]: input.valueAsNumber };
    }
  }
  return chosen;
}

/** A step's filters in the form of a search; `filters` are those of /catalog. */
export const typed = (wanted, filters) =>
  Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => [
      name,
      filters[name]?.kind === "flag" ? listed(value).map((word) => word === "true") : value,
    ]),
  );

const listed = (wanted) => (Array.isArray(wanted) ? wanted : []);

const inputs = (box) => [...box.querySelectorAll("input")];

function choices(attribute, { values }) {
  const list = element("div", { className: "choices" });
  list.append(...values.map((value) => choice(attribute, value)));
  return list;
}

function choice(attribute, { value, count }) {
  const label = element("label", { className: "choice" });
  const input = element("input", { type: "checkbox", value });
  input.dataset.attribute = attribute;
  const word = element("span", { textContent: LABELS[value] ?? value });
  label.append(input, word, element("small", { textContent: count }));
  return label;
}

function range(attribute, bounds) {
  const ends = element("div", { className: "range" });
  for (const [end, word] of [["min", "from"], ["max", "to"]]) {
    const input = element("input", { type: "number", step: "any", placeholder: bounds[end] });
    input.setAttribute("aria-label", `${readable(attribute)} ${word}`);
    Object.assign(input.dataset, { attribute, end });
    ends.append(element("span", { textContent: word }), input);
  }
  return ends;
}

/** The name of a column in words: "baseColour" and "base_colour" are "base colour". */
const readable = (name) =>
  name.replace(/(\p{Ll})(\p{Lu})/gu, (_, end, start) => `${end} ${start.toLowerCase()}`).replaceAll("_", " ");

const element = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
