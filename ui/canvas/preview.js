// The photo follows the finger: while arrows are drawn the head is shown as it will be, in a canvas
// below the SVG, whose own picture is hidden. What Python has done replaces it softly.

const DARK = [0.2, 0.09, 0.09]; // the inside of a mouth
const [OPENS, CLOSED] = [0.08, 0.05]; // of the mouth's width: how far it opens before its inside is seen, and up to where it shows no teeth of its own
const GONE = 2; // px from which nothing of what moves stays in its place
const [SLOW, STILL_AFTER] = [26, 160]; // ms
const LEAST = 0.4; // of the picture's side that is drawn where frames take too long
const stage = part('preview');

let heads = 0; // so many have come
let head = null; // what props.preview says, as numbers and pictures
let surface = null;
let asked = false; // the next frame draws
let promised = null; // the arrows that are shown while Python carries them out
let [last, pace, rest] = [0, 0, 0]; // when a frame was drawn, ms between two, the timer of a sharp one
let share = 1; // of the picture's side that is drawn now
let shown = ''; // the picture that props.preview belongs to

const decoded = (text, kind) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new kind(bytes.buffer);
};

async function decodedPicture(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

async function takeHead() {
  const sent = copy(props.preview);
  const mine = ++heads;
  head = null;
  if (!sent.side) return draw();
  const of = (names, kind) => names.filter((name) => sent[name]).map((name) => [name, decoded(sent[name], kind)]);
  const numbers = [...of(['pose', 'follow', 'near', 'outline', 'room', 'skull', 'face'], Float32Array), ...of(['rows', 'triangles'], Uint16Array)];
  const urls = { base: props.picture, ...(sent.pose && { picture: sent.picture, behind: sent.behind }) };
  const pictures = await Promise.all(Object.entries(urls).map(async ([name, url]) => [name, await decodedPicture(url)]));
  if (mine !== heads) return; // another one has come meanwhile
  surface?.forget();
  head = { ...sent, ...Object.fromEntries([...numbers, ...pictures]) };
  shown = props.picture;
  draw();
}

// The arrows whose effect is shown, if any.
function pulled() {
  if (!head || props.scene !== 'drag' || comparing || props.picture !== shown && !promised) return null;
  const drags = promised ?? drawn.drags.filter(([hx, hy, tx, ty]) => Math.hypot(tx - hx, ty - hy) > 0.5);
  return drags.length ? drags : null;
}

function drawPreview() {
  const drags = pulled();
  const image = part('image');
  image.style.visibility = drags && !drawn.strokes.length ? 'hidden' : 'visible';
  set(image, 'mask', drags && drawn.strokes.length ? 'url(#dragphoto-still)' : '');
  stage.dataset.shown = Boolean(drags); // the picture covers it otherwise
  if (!drags || asked) return;
  asked = true;
  requestAnimationFrame((time) => {
    asked = false;
    const now = pulled();
    if (now) hurried(now, time);
  });
}

// Where frames take too long fewer pixels are drawn, until the handle stands still.
function hurried(drags, time) {
  const passed = time - last;
  last = time;
  if (passed < STILL_AFTER) pace += 0.3 * (passed - pace);
  if (pace > SLOW && share > LEAST) [share, pace] = [0.6 * share, 0];
  bent(drags, share);
  clearTimeout(rest);
  rest = setTimeout(() => {
    [share, pace] = [1, 0];
    if (pulled()) bent(pulled(), 1);
  }, STILL_AFTER);
}

// Python carries out what is shown: that stays until it is done, and its result replaces it softly.
function holdPreview() {
  if (props.busy) promised = pulled();
  else if (promised) {
    promised = null;
    part('image').classList.add('arrives');
  }
}

function bent(drags, scale) {
  const side = Math.round(scale * head.side);
  if (stage.width !== side) stage.width = stage.height = side;
  surface ??= webgl(stage) ?? flatCanvas(stage);
  surface.draw(head.pose ? headLayers(drags) : elasticLayers(drags), head.side);
  stage.dataset.drawn = Number(stage.dataset.drawn || 0) + 1;
}

function headLayers(drags) {
  const { gaze, drags: surfaceDrags } = looking(head, drags);
  const to = surfaceDrags.length ? guessed(head, surfaceDrags, free(flatPlaces(head.pose))) : head.pose;
  const [was, now] = [head.pose, to].map(flatPlaces);
  const look = { picture: head.picture, colours: head.picture, first: (head.side - head.wide) / 2, wide: head.wide };
  const full = new Float32Array(head.follow.length).fill(1);
  const left = full.map((_, v) => clip(Math.hypot(now[2 * v] - was[2 * v], now[2 * v + 1] - was[2 * v + 1]) / GONE, 0, 1));
  return [
    whole(head.base, head.side),
    { ...look, colours: head.behind, places: was, source: was, amount: left, corners: facing(head.pose), gain: 10 },
    { ...look, places: now, source: was, amount: full, corners: facing(to) },
    ...mouth(was, now, look, full),
    ...eyeballs(was, now, gaze, look),
  ];
}

const flatPlaces = (points) => Float32Array.from({ length: (2 * points.length) / 3 }, (_, at) => points[3 * (at >> 1) + (at & 1)]);

function whole(image, side) {
  const rim = new Float32Array([-0.5, -0.5, side - 0.5, -0.5, side - 0.5, side - 0.5, -0.5, side - 0.5]);
  const corners = new Uint16Array([0, 1, 2, 0, 2, 3]);
  return { places: rim, source: rim, amount: new Float32Array(4).fill(1), corners, picture: image, colours: image, first: 0, wide: side };
}

// The triangles that face the camera, the farthest first.
function facing(points) {
  const { triangles } = head;
  const found = [];
  const depth = new Float32Array(triangles.length / 3);
  for (let t = 0; t < depth.length; t++) {
    const [a, b, c] = [3 * triangles[3 * t], 3 * triangles[3 * t + 1], 3 * triangles[3 * t + 2]];
    const [ax, ay] = [points[b] - points[a], points[b + 1] - points[a + 1]];
    const [bx, by] = [points[c] - points[a], points[c + 1] - points[a + 1]];
    if (ax * by - ay * bx > 0) found.push(t);
    depth[t] = points[a + 2] + points[b + 2] + points[c + 2];
  }
  found.sort((a, b) => depth[b] - depth[a]);
  return Uint16Array.from({ length: 3 * found.length }, (_, at) => triangles[3 * found[(at / 3) | 0] + (at % 3)]);
}

// What is dark between lips that open.
function mouth(was, now, look, full) {
  const at = (places, v) => [places[2 * v], places[2 * v + 1]];
  const lips = head.lips;
  const gap = (places) => distance(at(places, lips[5]), at(places, lips[15]));
  const wide = distance(at(now, lips[0]), at(now, lips[10]));
  const flat = [...DARK, clip((gap(now) - gap(was)) / wide / OPENS - 1, 0, 1)];
  if (flat[3] === 0 || gap(was) / wide > CLOSED) return [];
  const corners = Uint16Array.from(lips.slice(2).flatMap((_, k) => [lips[0], lips[k + 1], lips[k + 2]]));
  return [{ ...look, places: now, source: was, amount: full, corners, flat }];
}

// How much each vertex may move: 1 where nothing is protected.
function free(places) {
  const ground = drawn.strokes.some((stroke) => !stroke.erase) ? 0 : 1;
  const may = new Float32Array(places.length / 2).fill(ground);
  for (const { points, radius, erase } of drawn.strokes) {
    for (let v = 0; v < may.length; v++) {
      const place = [places[2 * v], places[2 * v + 1]];
      if (points.some((point) => distance(point, place) <= radius)) may[v] = erase ? 0 : 1;
    }
  }
  return may;
}
