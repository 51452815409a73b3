// How a picture without a face may bend: a grid of it follows the arrows as rigidly as it can, by moving
// least squares (Schaefer et al. 2006, rigid deformations), and less the farther it is from them.

const CELLS = 32;
const WAYS = 2; // times the longest arrow: what is nearer than that follows it at least a little

const CELL_CORNERS = Uint16Array.from(
  Array.from({ length: CELLS * CELLS }, (_, cell) => {
    const first = Math.floor(cell / CELLS) * (CELLS + 1) + (cell % CELLS);
    const below = first + CELLS + 1;
    return [first, first + 1, below, below, first + 1, below + 1];
  }).flat(),
);

function elasticLayers(drags) {
  const { side, reach, base } = head;
  const source = Float32Array.from({ length: 2 * (CELLS + 1) ** 2 }, (_, at) => {
    const column = (at >> 1) % (CELLS + 1);
    const row = Math.floor((at >> 1) / (CELLS + 1));
    return (side * (at & 1 ? row : column)) / CELLS - 0.5;
  });
  const far = Math.max(reach, ...drags.map(([hx, hy, tx, ty]) => WAYS * Math.hypot(tx - hx, ty - hy)));
  const may = free(source);
  const places = new Float32Array(source.length);
  for (let v = 0; v < may.length; v++) {
    const place = [source[2 * v], source[2 * v + 1]];
    const nearest = Math.min(...drags.map((drag) => distance(drag, place)));
    const t = clip(1 - nearest / far, 0, 1);
    const share = may[v] * t * t * (3 - 2 * t);
    const to = share ? rigidly(drags, place) : place;
    places.set([0, 1].map((k) => place[k] + share * (to[k] - place[k])), 2 * v);
  }
  const amount = new Float32Array(may.length).fill(1);
  return [{ places, source, amount, corners: CELL_CORNERS, picture: base, colours: base, first: 0, wide: side }];
}

// Where a place goes that keeps its distances to the handles, of which the nearer ones count more.
function rigidly(drags, [x, y]) {
  const weights = drags.map((drag) => 1 / (distance(drag, [x, y]) ** 2 + 1));
  const mean = (at) => sum(drags.map((drag, k) => weights[k] * drag[at])) / sum(weights);
  const [px, py, qx, qy] = [0, 1, 2, 3].map(mean);
  let [re, im] = [1e-6, 0];
  drags.forEach(([hx, hy, tx, ty], k) => {
    re += weights[k] * ((tx - qx) * (hx - px) + (ty - qy) * (hy - py));
    im += weights[k] * ((ty - qy) * (hx - px) - (tx - qx) * (hy - py));
  });
  const size = Math.hypot(re, im);
  [re, im] = [re / size, im / size];
  return [qx + re * (x - px) - im * (y - py), qy + im * (x - px) + re * (y - py)];
}
