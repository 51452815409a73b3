// One SVG whose units are px of the picture; (0, 0) is the centre of the first pixel.
//
// Gradio runs the script once. It hands in `element` (canvas.html), `props` (what Python shows),
// `trigger` (tell Python) and `watch` (Python has changed something). What is drawn goes to Python
// as `props.value`; see drawn.py for its form. Python's frames never touch it.
//
// The script is in five files that share one scope: this one holds what is drawn and what can be
// moved, kept.js brings it through a reload, paint.js shows it, hands.js takes pointer and keyboard,
// gradio.js listens to Python.

const part = (name) => element.querySelector(`[data-part=${name}]`);
const svg = part('picture');
const copy = (thing) => JSON.parse(JSON.stringify(thing));

let drawn = copy(props.value); // {serial, drags, strokes, kind, marks, box}
let earlier = []; // drawings to go back to
let later = []; // drawings that were undone
let tool = 'drag';
let brush = 28; // radius, px of the picture
let chosen = -1; // the arrow that Remove removes
let gesture = null; // what the pointer does now: {move(place), end()}
let pointer = null; // where it is, for the brush's ring and the loupe
let comparing = false;
let trails = []; // where the handles have been during this drag

// Geometry

const toPicture = (event) => {
  const there = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return inside([there.x, there.y]);
};
const inside = ([x, y]) => [
  Math.min(Math.max(x, 0), props.width - 1),
  Math.min(Math.max(y, 0), props.height - 1),
];
// Px of the picture that one CSS px stands for, so that marks look the same at every scale.
const unit = () => 1 / (svg.getScreenCTM()?.a || 1);
const distance = ([ax, ay], [bx, by]) => Math.hypot(ax - bx, ay - by);
const rounded = (place) => place.map((number) => Math.round(number * 100) / 100);

// FFHQ's crop from two eyes and the mouth: the same formula as photo/align.py face_quad.
function faceQuad([left, right, mouth]) {
  const eyes = [(left[0] + right[0]) / 2, (left[1] + right[1]) / 2];
  const across = [right[0] - left[0], right[1] - left[1]];
  const down = [mouth[0] - eyes[0], mouth[1] - eyes[1]];
  let x = [across[0] + down[1], across[1] - down[0]];
  const size = Math.max(2 * Math.hypot(...across), 1.8 * Math.hypot(...down)) / (Math.hypot(...x) || 1);
  x = [x[0] * size, x[1] * size];
  const y = [-x[1], x[0]];
  const centre = [eyes[0] + 0.1 * down[0], eyes[1] + 0.1 * down[1]];
  return [[-1, -1], [-1, 1], [1, 1], [1, -1]].map(([i, j]) => [
    centre[0] + i * x[0] + j * y[0],
    centre[1] + i * x[1] + j * y[1],
  ]);
}

// What can be moved by hand

// Each point: a name for the screen reader, where it is, and how it moves.
function points() {
  if (props.scene === 'fit') return drawn.kind === 'box' ? boxPoints() : facePoints();
  return drawn.drags.flatMap((drag, number) => [
    end(drag, number, 0, 'Handle'),
    end(drag, number, 2, 'Target'),
  ]);
}

function end(drag, number, first, word) {
  return {
    kind: word.toLowerCase(),
    pair: number,
    name: `${word} ${number + 1}`,
    at: drag.slice(first, first + 2),
    move: (place) => drag.splice(first, 2, ...rounded(inside(place))),
  };
}

function facePoints() {
  return ['Left eye', 'Right eye', 'Mouth'].map((name, number) => ({
    kind: 'mark',
    name,
    at: drawn.marks[number],
    move: (place) => (drawn.marks[number] = rounded(inside(place))),
  }));
}

function boxPoints() {
  const box = drawn.box; // left, top, side
  const centre = [box[0] + box[2] / 2, box[1] + box[2] / 2];
  // A box for cars may be higher than the photo: what is above and below its middle does not count.
  const high = () => box[1] < -1;
  const most = () => Math.min(props.width - box[0], high() ? Infinity : props.height - box[1]);
  const within = (start, room) => Math.min(Math.max(start, Math.min(0, room)), Math.max(0, room));
  return [
    {
      kind: 'mark',
      name: 'Box',
      at: centre,
      move: ([x, y]) => {
        box[0] = Math.round(within(x - box[2] / 2, props.width - box[2]));
        box[1] = Math.round(within(y - box[2] / 2, props.height - box[2]));
      },
    },
    {
      kind: 'mark',
      name: 'Size of the box',
      diagonal: true,
      at: [box[0] + box[2], Math.min(box[1] + box[2], props.height)],
      move: ([x, y]) => {
        box[2] = Math.round(Math.min(Math.max(x - box[0], y - box[1], 16), most()));
      },
    },
  ];
}

const named = (name) => points().find((point) => point.name === name);

// Changes

const say = (words) => (part('said').textContent = words);

// Something was drawn: Python gets a new object, Undo gets the one before.
function commit(words, before) {
  earlier.push(before);
  later = [];
  publish(words);
}

function publish(words) {
  props.value = copy(drawn);
  keep();
  say(words);
  draw();
}

function step(from, to, event) {
  if (props.busy) return;
  if (!from.length || props.scene !== 'drag') {
    if (props.scene === 'drag') trigger(event);
    return;
  }
  to.push(copy(drawn));
  drawn = from.pop();
  chosen = -1;
  publish(event === 'undo' ? 'Undone' : 'Redone');
}

function add() {
  const before = copy(drawn);
  const [x, y] = [Math.round(props.width / 2), Math.round(props.height / 2)];
  drawn.drags.push([x, y, Math.round(x + props.width / 12), y]);
  chosen = drawn.drags.length - 1;
  commit(`Arrow ${chosen + 1} added. Move its ends with the arrow keys.`, before);
  element.querySelector(`[data-name="Handle ${chosen + 1}"]`)?.focus();
}

function remove() {
  if (!drawn.drags[chosen]) return;
  const before = copy(drawn);
  drawn.drags.splice(chosen, 1);
  commit(`Arrow ${chosen + 1} removed`, before);
  chosen = -1;
  draw();
}

function clear() {
  const before = copy(drawn);
  Object.assign(drawn, { drags: [], strokes: [] });
  chosen = -1;
  commit('Cleared', before);
}

function compare(on) {
  if (comparing === on) return;
  comparing = on;
  element.querySelector('[data-do=compare]').setAttribute('aria-pressed', on);
  draw();
}
