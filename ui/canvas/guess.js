// How the photo's head moves for the arrows that are drawn: what editor/motion/guess.py has measured,
// solved for the handles by damped least squares; then as transfer/handles.py lets handles arrive.
//
// A head is {pose, follow, near, rows, outline, room, middle, skull, face, centre, eyes, arrive}; see
// ui/page/preview.py.
// Points are flat: x, y, z of one vertex after the other, px of the canvas.

const MOST_GROWTH = 1.05;
const DAMPING = 1; // of the handles' mean square: long pulls turn a head less than the first px say

const clip = (value, low, high) => Math.min(Math.max(value, low), high);
const sum = (values) => values.reduce((total, value) => total + value, 0);

// Solve a small square system by elimination with pivots.
function solve(matrix, right) {
  const rows = matrix.map((row, k) => [...row, right[k]]);
  const count = rows.length;
  for (let k = 0; k < count; k++) {
    let best = k;
    for (let i = k + 1; i < count; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    for (let i = k + 1; i < count; i++) {
      const factor = rows[i][k] / (rows[k][k] || 1e-12);
      for (let j = k; j <= count; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  const found = new Array(count).fill(0);
  for (let k = count - 1; k >= 0; k--) {
    const rest = sum(found.map((value, j) => (j > k ? value * rows[k][j] : 0)));
    found[k] = (rows[k][count] - rest) / (rows[k][k] || 1e-12);
  }
  return found;
}

// Rodrigues' formula.
function turning([x, y, z]) {
  const angle = Math.hypot(x, y, z);
  const a = angle < 1e-9 ? 1 : Math.sin(angle) / angle;
  const b = angle < 1e-9 ? 0.5 : (1 - Math.cos(angle)) / angle ** 2;
  return [
    [1 - b * (y * y + z * z), b * x * y - a * z, b * x * z + a * y],
    [b * x * y + a * z, 1 - b * (x * x + z * z), b * y * z - a * x],
    [b * x * z - a * y, b * y * z + a * x, 1 - b * (x * x + y * y)],
  ];
}

// Where a handle holds: its three nearest vertices and how much each counts.
function anchor(head, [x, y]) {
  const far = Array.from(head.follow, (_, v) => Math.hypot(head.pose[3 * v] - x, head.pose[3 * v + 1] - y));
  const nearest = far.map((_, v) => v).sort((a, b) => far[a] - far[b]).slice(0, 3);
  const weights = nearest.map((v) => 1 / (far[v] + 0.5) ** 2);
  const all = sum(weights);
  return { far, nearest, weights: weights.map((weight) => weight / all) };
}

const held = ({ nearest, weights }, shift, part) => sum(nearest.map((v, k) => weights[k] * shift[3 * v + part]));

// What a unit along direction k moves a vertex by, to first order.
function slope(head, k, v) {
  const [rx, ry, rz, growth, dx, dy] = head.skull.subarray(6 * k, 6 * k + 6);
  const [x, y, deep] = [0, 1, 2].map((part) => head.pose[3 * v + part] - head.centre[part]);
  const z = deep + head.outline[v] * (head.middle[2] - head.centre[2] - deep);
  const at = 2 * (468 * k + head.rows[v]);
  return [
    head.follow[v] * (ry * z - rz * y + growth * x + dx + head.near[v] * head.face[at]),
    head.follow[v] * (rz * x - rx * z + growth * y + dy + head.near[v] * head.face[at + 1]),
  ];
}

// How far along each direction: damped least squares for all handles at once.
function coordinates(head, anchors, wanted) {
  const many = head.skull.length / 6;
  const rows = anchors.flatMap(({ nearest, weights }) => {
    const pair = [new Array(many), new Array(many)];
    for (let k = 0; k < many; k++) {
      const slopes = nearest.map((v) => slope(head, k, v));
      for (const part of [0, 1]) pair[part][k] = sum(slopes.map((each, i) => weights[i] * each[part]));
    }
    return pair;
  });
  const square = rows.map((a) => rows.map((b) => sum(a.map((value, k) => value * b[k]))));
  const damping = (DAMPING * sum(square.map((row, k) => row[k]))) / rows.length;
  square.forEach((row, k) => (row[k] += damping));
  const pull = solve(square, wanted.flat());
  return Array.from({ length: many }, (_, k) => sum(rows.map((row, i) => row[k] * pull[i])));
}

// [the skull's shift, the face's own] of every vertex so far along the directions.
function shifts(head, along) {
  const [rx, ry, rz, growth, dx, dy] = weighted(head.skull, 6, along);
  const spread = weighted(head.face, 2 * 468, along);
  const scale = clip(1 + growth, 1 / MOST_GROWTH, MOST_GROWTH);
  const turn = turning([rx, ry, rz]).map((row) => row.map((value) => scale * value));
  const { pose, centre, follow, near, rows } = head;
  const to = [centre[0] + dx, centre[1] + dy, centre[2]];
  const face = new Float64Array(pose.length);
  const skull = new Float64Array(pose.length);
  for (let part = 0; part < 3; part++) {
    const [a, b, c] = turn[part];
    for (let v = 0, at = part; v < follow.length; v++, at += 3) {
      const [x, y, z] = [pose[3 * v] - centre[0], pose[3 * v + 1] - centre[1], pose[3 * v + 2] - centre[2]];
      skull[at] = a * x + b * y + c * z + to[part];
      face[at] = follow[v] * near[v] * (a * spread[2 * rows[v]] + b * spread[2 * rows[v] + 1]);
    }
  }
  outlined(head, skull, turn, to, scale);
  return [skull.map((place, at) => follow[(at / 3) | 0] * (place - pose[at])), face];
}

// The outline goes where the middle of the head goes: see turned in transfer/rig.py.
function outlined({ pose, centre, rows, outline, room, middle }, skull, turn, to, scale) {
  const from = [0, 1, 2].map((part) => middle[part] - centre[part]);
  const goes = turn.map((row, part) => sum(row.map((value, k) => value * from[k])) + to[part]);
  const roll = Math.atan2(turn[1][0] - turn[0][1], turn[0][0] + turn[1][1]);
  const [c, s] = [scale * Math.cos(roll), scale * Math.sin(roll)];
  for (let v = 468; v < outline.length; v++) {
    const [x, y, z] = [0, 1, 2].map((part) => pose[3 * v + part] - middle[part]);
    const edge = [goes[0] + c * x - s * y, goes[1] + s * x + c * y, goes[2] + scale * z];
    const start = 3 * rows[v];
    const way = edge.map((place, part) => skull[3 * v + part] + outline[v] * (place - skull[3 * v + part]) - skull[start + part]);
    const most = Math.min(1, (scale * room[v]) / Math.max(1e-6, Math.hypot(way[0], way[1])));
    [most, most, 1].forEach((share, part) => (skull[3 * v + part] = skull[start + part] + share * way[part]));
  }
}

// The sum of rows of so many values, each times its weight.
function weighted(values, width, weights) {
  const total = new Float64Array(width);
  weights.forEach((weight, k) => {
    for (let at = 0; at < width; at++) total[at] += weight * values[width * k + at];
  });
  return total;
}

// Of skull and face: bounded least squares in two unknowns, looked for inside and on the edges.
function shares({ arrive }, ends, both, wanted, alone) {
  const goal = wanted.flat().map((value) => value / Math.sqrt(wanted.length));
  const columns = ends.map((ways) => ways.flat().map((value) => value / Math.sqrt(wanted.length)));
  const costs = both.map((shift, k) => {
    let squares = 0;
    for (let v = 0; v < 468; v++) squares += shift[3 * v] ** 2 + shift[3 * v + 1] ** 2;
    return (arrive.still[alone][k] * squares) / 468;
  });
  const dot = (a, b) => sum(a.map((value, k) => value * b[k]));
  const square = columns.map((a, i) => columns.map((b, j) => dot(a, b) + (i === j ? costs[i] + 1e-9 : 0)));
  const pull = columns.map((column) => dot(column, goal));
  const most = arrive.shares[alone];
  const loss = (x) => dot(x, square.map((row) => dot(row, x))) - 2 * dot(x, pull);
  const free = solve(square, pull);
  if (free.every((value, k) => value >= 0 && value <= most[k])) return free;
  const edges = [0, 1].flatMap((k) =>
    [0, most[k]].map((value) => {
      const other = clip((pull[1 - k] - square[k][1 - k] * value) / square[1 - k][1 - k], 0, most[1 - k]);
      return k ? [other, value] : [value, other];
    }),
  );
  return edges.sort((a, b) => loss(a) - loss(b))[0];
}

// Of each handle [width of its own motion, that of the face's around it] if it drags what moves without
// the skull: lids, lips or brows, and the chin if lips are dragged, too.
function partsOf({ arrive, eyes }, anchors) {
  const [chin, lips] = arrive.with;
  const found = anchors.map(({ far }) => {
    const away = arrive.parts.map(([, , rows]) => Math.min(...rows.map((row) => far[row])) / eyes);
    const nearest = away.indexOf(Math.min(...away));
    return away[nearest] < arrive.near ? nearest : -1;
  });
  return found.map((part) => (part < 0 || (part === chin && !found.includes(lips)) ? null : arrive.parts[part]));
}

// Whether the skull stays: all handles drag parts, or most do and the face moves as they ask.
function staying(head, parts, ends, both, wanted) {
  const count = parts.filter(Boolean).length;
  if (count === parts.length || 2 * count < parts.length) return count === parts.length;
  const [skull, face] = shares(head, ends, both, wanted, 1);
  const lacking = wanted.flatMap((way, k) => way.map((value, part) => value - skull * ends[0][k][part] - face * ends[1][k][part]));
  return Math.hypot(...lacking) <= head.arrive.explained * Math.hypot(...wanted.flat());
}

// The vertices with the handles at their targets. drags: [hx, hy, tx, ty]; free: 0 what may not move.
function guessed(head, drags, free) {
  const anchors = drags.map((drag) => anchor(head, drag));
  const wanted = drags.map(([hx, hy, tx, ty]) => [tx - hx, ty - hy]);
  return arrived(head, anchors, wanted, { both: shifts(head, coordinates(head, anchors, wanted)), free });
}

// both: the skull's and the face's shift, before what may not move is held.
function arrived(head, anchors, wanted, { both, free }) {
  for (const shift of both) for (let at = 0; at < shift.length; at++) shift[at] *= free[(at / 3) | 0];
  const ends = both.map((shift) => anchors.map((each) => [0, 1].map((part) => held(each, shift, part))));
  const parts = partsOf(head, anchors);
  const alone = staying(head, parts, ends, both, wanted) ? 1 : 0;
  const [share, own] = shares(head, ends, both, wanted, alone);
  const far = alone ? 0 : Math.min(own, 1);
  const reach = parts.map((part) => (part && alone ? part[1] : head.arrive.scaled));
  const gauss = (away, width) => Math.exp(-0.5 * (away / (width * head.eyes)) ** 2);
  const shift = new Float64Array(head.pose.length);
  for (let v = 0; v < head.follow.length; v++) {
    const around = Math.max(...anchors.map((each, k) => gauss(each.far[v], reach[k])));
    const part = far * (1 - around) + own * around;
    for (let at = 3 * v; at < 3 * v + 3; at++) shift[at] = share * both[0][at] + part * both[1][at];
  }
  const widths = parts.map((part) => (part ? part[0] : head.arrive.bump));
  arrive(head, anchors, wanted, { shift, free, widths, gauss });
  return shift.map((value, at) => value + head.pose[at]);
}

// What handles lack is added as Gaussian bumps.
function arrive(head, anchors, wanted, { shift, free, widths, gauss }) {
  const bump = (k, v) => free[v] * Math.min(1, 4 * head.follow[v]) * gauss(anchors[k].far[v], widths[k]);
  const at = anchors.map(({ nearest, weights }) =>
    anchors.map((_, k) => sum(nearest.map((v, i) => weights[i] * bump(k, v)))),
  );
  const square = at.map((_, i) => at.map((_, j) => sum(at.map((row) => row[i] * row[j]))));
  const damping = head.arrive.damping ** 2 * sum(square.map((row, k) => row[k])) + 1e-9;
  square.forEach((row, k) => (row[k] += damping));
  const lacking = anchors.map((each, k) => {
    const ways = [0, 1].map((part) => wanted[k][part] - held(each, shift, part));
    const most = Math.min(1, (head.arrive.mostBump * head.eyes) / Math.max(1e-6, Math.hypot(...ways)));
    return ways.map((way) => most * way);
  });
  for (const part of [0, 1]) {
    const heights = solve(square, at.map((_, i) => sum(at.map((row, j) => row[i] * lacking[j][part]))));
    for (let v = 0; v < head.follow.length; v++) {
      shift[3 * v + part] += sum(heights.map((height, k) => height * bump(k, v)));
    }
  }
}
