/**
 * The part of the reference picture that counts: drawn with a mouse or a finger, moved and resized with arrow keys. A
 * box is [x0, y0, x1, y1], relative to the picture's width and height, from its top left.
 */

const FIRST_BOX = [0.2, 0.2, 0.8, 0.8];
const MIN_SIDE = 0.05; // of a side
const STRIDE = 0.02; // of an arrow key
const GRIP = 14; // px around a corner that take hold of it
const PAUSE = 450; // ms without a key before the box is searched for
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const at = (id) => document.getElementById(id);
let box = null; // as it is drawn now

/** Draw the box of a step, whose picture is `shown` or not. */
export function drawPart(step, shown) {
  box = shown ? step.box : null;
  at("select-part").hidden = !shown;
  at("select-part").textContent = box ? "Whole picture" : "Select a part";
  paint();
}

/** Call `onBox` with every new box, and with null for the whole picture. */
export function onPart(onBox) {
  let drag; // {from, box, inside}: where it began, the box then, and whether it moves that box
  let pause;
  const done = (next) => {
    clearTimeout(pause);
    onBox(next && next.map((corner) => Math.round(corner * 1000) / 1000));
  };

  at("select-part").addEventListener("click", () => {
    const next = box ? null : FIRST_BOX;
    done(next);
    if (next) at("part").focus({ preventScroll: true });
  });
  at("reference-tile").addEventListener("pointerdown", (event) => {
    if (!box || event.button) return;
    event.preventDefault();
    at("reference-tile").setPointerCapture(event.pointerId);
    const from = place(event);
    const fixed = oppositeCorner(event);
    drag = { from: fixed ?? from, box, inside: !fixed && contains(box, from) };
  });
  at("reference-tile").addEventListener("pointermove", (event) => {
    if (!drag) return;
    const to = place(event);
    box = drag.inside ? moved(drag.box, to[0] - drag.from[0], to[1] - drag.from[1]) : between(drag.from, to);
    paint();
  });
  at("reference-tile").addEventListener("pointerup", () => {
    if (!drag) return;
    if (!isLargeEnough(box)) box = drag.box; // a click draws nothing
    const changed = box !== drag.box;
    drag = undefined;
    paint();
    at("part").focus({ preventScroll: true });
    if (changed) done(box);
  });
  at("reference-tile").addEventListener("pointercancel", () => {
    if (drag) box = drag.box;
    drag = undefined;
    paint();
  });
  at("part").addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const [across, down] = arrow.map((direction) => direction * STRIDE);
      box = event.shiftKey ? resized(box, across, down) : moved(box, across, down);
      paint();
      clearTimeout(pause);
      pause = setTimeout(() => done(box), PAUSE);
    } else if (event.key === "Enter") done(box);
    else if (event.key === "Escape" || event.key === "Delete") {
      done(null);
      at("select-part").focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  });
  at("reference-picture").addEventListener("load", paint);
  at("reference-picture").addEventListener("error", () => {
    at("reference").classList.add("missing");
    at("select-part").hidden = true;
  });
}

function paint() {
  const shown = Boolean(box && at("reference-picture").naturalWidth);
  at("part").hidden = !shown;
  at("reference-tile").classList.toggle("selecting", shown);
  if (!shown) return;
  const { left, top, width, height } = frame();
  const [x0, y0, x1, y1] = box;
  Object.assign(at("part").style, {
    left: `${100 * (left + x0 * width)}%`,
    top: `${100 * (top + y0 * height)}%`,
    width: `${100 * (x1 - x0) * width}%`,
    height: `${100 * (y1 - y0) * height}%`,
  });
  const [a, b, c, d] = box.map((corner) => Math.round(100 * corner));
  at("part").setAttribute(
    "aria-label",
    `Selected part of the picture: ${a} to ${c}% across, ${b} to ${d}% down. ` +
      "Arrow keys move it, with Shift they resize it, Escape selects the whole picture.",
  );
}

/** Where the picture lies in its tile, in parts of the tile: it is fitted in, and centred. */
function frame() {
  const { clientWidth, clientHeight } = at("reference-tile");
  const { naturalWidth, naturalHeight } = at("reference-picture");
  const scale = Math.min(clientWidth / naturalWidth, clientHeight / naturalHeight);
  const [width, height] = [(naturalWidth * scale) / clientWidth, (naturalHeight * scale) / clientHeight];
  return { left: (1 - width) / 2, top: (1 - height) / 2, width, height };
}

/** The corner of the box that stays where it is while the one under a pointer is dragged; undefined if none is. */
function oppositeCorner(event) {
  const tile = at("reference-tile").getBoundingClientRect();
  const { width, height } = frame();
  const [x, y] = place(event);
  const [x0, y0, x1, y1] = box;
  const near = (a, b, length) => Math.abs(a - b) * length <= GRIP;
  const held = [[x0, y0], [x0, y1], [x1, y0], [x1, y1]].find(
    ([a, b]) => near(a, x, width * tile.width) && near(b, y, height * tile.height),
  );
  return held && [x0 + x1 - held[0], y0 + y1 - held[1]];
}

/** The point of the picture under a pointer; the nearest one, if the pointer is outside. */
function place({ clientX, clientY }) {
  const tile = at("reference-tile").getBoundingClientRect();
  const { left, top, width, height } = frame();
  const x = ((clientX - tile.left) / tile.width - left) / width;
  const y = ((clientY - tile.top) / tile.height - top) / height;
  return [clamp(x, 0, 1), clamp(y, 0, 1)];
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

const contains = ([x0, y0, x1, y1], [x, y]) => x0 < x && x < x1 && y0 < y && y < y1;

const isLargeEnough = ([x0, y0, x1, y1]) => x1 - x0 >= MIN_SIDE && y1 - y0 >= MIN_SIDE;

const between = ([ax, ay], [bx, by]) => [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];

function moved([x0, y0, x1, y1], across, down) {
  const [dx, dy] = [clamp(across, -x0, 1 - x1), clamp(down, -y0, 1 - y1)];
  return [x0 + dx, y0 + dy, x1 + dx, y1 + dy];
}

const resized = ([x0, y0, x1, y1], across, down) => [
  x0,
  y0,
  clamp(x1 + across, x0 + MIN_SIDE, 1),
  clamp(y1 + down, y0 + MIN_SIDE, 1),
];
