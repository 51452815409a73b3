// Eyeballs: they stay where they are while lids move over them, and turn after a handle that drags an
// iris (editor/motion/poses.py says which do). head.balls: of each eye its iris, five points, and the
// rows of its lids, from one corner over the upper lid to the other and back.

const STEPS = 6; // between an upper and a lower lid

// {gaze: how far each iris goes, drags: those of the surface}
function looking(head, drags) {
  const gaze = [null, null];
  const others = drags.filter(([hx, hy, tx, ty]) => {
    const number = head.balls.findIndex(({ iris, lids }) => {
      const away = distance(iris[0], [hx, hy]);
      const radius = sum(iris.slice(1).map((point) => distance(point, iris[0]))) / 4;
      const edge = Math.min(...lids.map((v) => Math.hypot(head.pose[3 * v] - hx, head.pose[3 * v + 1] - hy)));
      return away < radius && away < edge;
    });
    if (number >= 0) gaze[number] = [tx - hx, ty - hy];
    return number < 0;
  });
  return { gaze: gaze.map((own, k) => own ?? gaze[1 - k] ?? [0, 0]), drags: others };
}

// A lattice between the lids of each eye that moves, over what its ball shows there.
function eyeballs(was, now, gaze, look) {
  return head.balls.flatMap(({ iris, lids }, number) => {
    const at = (places, v) => [places[2 * v], places[2 * v + 1]];
    const back = similarity([at(now, lids[0]), at(now, lids[8])], [at(was, lids[0]), at(was, lids[8])]);
    const radius = sum(iris.slice(1).map((point) => distance(point, iris[0]))) / 4;
    const [gx, gy] = gaze[number];
    const moved = Math.max(...lids.map((v) => distance(back(at(now, v)), at(was, v))), Math.hypot(gx, gy));
    if (moved < 0.3) return [];
    const places = [];
    for (let i = 0; i <= 8; i++) {
      const [upper, lower] = [at(now, lids[i]), at(now, lids[(16 - i) % 16])];
      for (let j = 0; j <= STEPS; j++) places.push([0, 1].map((k) => upper[k] + ((lower[k] - upper[k]) * j) / STEPS));
    }
    const source = places.map((place) => {
      const [x, y] = back(place);
      const t = clip((2.6 - distance([x, y], [iris[0][0] + gx, iris[0][1] + gy]) / radius) / 1.4, 0, 1);
      const follows = t * t * (3 - 2 * t);
      return [x - gx * follows, y - gy * follows];
    });
    const [flat, from] = [places, source].map((points) => new Float32Array(points.flat()));
    return [{ ...look, places: flat, source: from, amount: new Float32Array(places.length).fill(1), corners: LATTICE }];
  });
}

const LATTICE = Uint16Array.from(
  Array.from({ length: 8 * STEPS }, (_, cell) => {
    const first = Math.floor(cell / STEPS) * (STEPS + 1) + (cell % STEPS);
    const next = first + STEPS + 1;
    return [first, first + 1, next, next, first + 1, next + 1];
  }).flat(),
);

// The map that takes two points to two others by turning and growing.
function similarity([a, b], [c, d]) {
  const [x, y] = [b[0] - a[0], b[1] - a[1]];
  const [u, v] = [d[0] - c[0], d[1] - c[1]];
  const size = x * x + y * y || 1;
  const [re, im] = [(u * x + v * y) / size, (v * x - u * y) / size];
  return ([px, py]) => {
    const [qx, qy] = [px - a[0], py - a[1]];
    return [c[0] + re * qx - im * qy, c[1] + im * qx + re * qy];
  };
}
