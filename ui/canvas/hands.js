// What the pointer, the keyboard and the tool buttons do.

function grab(place, isFinger) {
  const near = (isFinger ? 24 : 13) * unit();
  const all = points().map((point) => ({ ...point, far: distance(point.at, place) }));
  all.sort((a, b) => a.far - b.far);
  return all.length && all[0].far <= near ? all[0] : null;
}

function moving(point) {
  const before = copy(drawn);
  chosen = point.pair ?? -1;
  let moved = false;
  return {
    move: (place) => {
      moved = true;
      named(point.name).move(place);
    },
    end: () => {
      if (!moved) return;
      const { at, name } = named(point.name);
      commit(`${name} at ${Math.round(at[0])}, ${Math.round(at[1])}`, before);
      finished();
    },
  };
}

function pulling(from) {
  const before = copy(drawn);
  const start = rounded(from);
  const shortest = 4 * unit();
  let drag = null;
  return {
    move: (place) => {
      if (!drag && distance(start, place) < shortest) return;
      if (!drag) chosen = drawn.drags.push((drag = [...start, ...start])) - 1;
      drag.splice(2, 2, ...rounded(place));
    },
    end: () => {
      if (!drag) return say('Keep pressing, and drag to where it should go.');
      commit(`Arrow ${chosen + 1} from ${start.map(Math.round)} to ${drag.slice(2).map(Math.round)}`, before);
      finished();
    },
  };
}

function brushing(from) {
  const before = copy(drawn);
  const stroke = { radius: brush, erase: tool === 'erase', points: [rounded(from)] };
  drawn.strokes.push(stroke);
  return {
    move: (place) => stroke.points.push(rounded(place)),
    end: () => commit(stroke.erase ? 'Protected' : 'Only what is painted may move', before),
  };
}

function sliding() {
  const before = copy(drawn);
  const [box] = points();
  const from = pointer;
  return {
    move: (place) => box.move([box.at[0] + place[0] - from[0], box.at[1] + place[1] - from[1]]),
    end: () => commit('Box moved', before),
  };
}

// The arrow is drawn; in live mode the drag begins at once.
function finished() {
  if (props.scene === 'drag' && part('live').checked) trigger('go');
}

function begin(place, event) {
  const point = grab(place, event.pointerType === 'touch');
  if (props.scene === 'fit') {
    if (point) return moving(point);
    const face = event.target.closest('[data-face]');
    if (face) chooseFace(Number(face.dataset.face));
    return drawn.kind === 'box' ? sliding() : null;
  }
  if (tool !== 'drag') return brushing(place);
  return point ? moving(point) : pulling(place);
}

function chooseFace(number) {
  const before = copy(drawn);
  drawn.marks = copy(props.faces[number]);
  commit(`Face ${number + 1} chosen`, before);
  trigger('pick');
}

let undoGesture = null; // the drawing before the gesture, for Escape and lost pointers

svg.addEventListener('pointerdown', (event) => {
  if (props.busy || event.button || gesture) return;
  event.preventDefault();
  svg.focus({ preventScroll: true });
  pointer = toPicture(event);
  undoGesture = copy(drawn);
  gesture = begin(pointer, event);
  if (gesture) {
    gesture.touch = event.pointerType === 'touch';
    gesture.id = event.pointerId;
    svg.setPointerCapture(event.pointerId);
  }
  draw();
});

svg.addEventListener('pointermove', (event) => {
  if (gesture && event.pointerId !== gesture.id) return;
  const events = gesture && event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const each of events.length ? events : [event]) {
    pointer = toPicture(each);
    gesture?.move(pointer);
  }
  if (gesture || tool !== 'drag') draw();
});

svg.addEventListener('pointerup', (event) => {
  if (!gesture || event.pointerId !== gesture.id) return;
  const { end } = gesture;
  gesture = null;
  end();
  draw();
});

function cancel() {
  if (!gesture) return;
  gesture = null;
  drawn = undoGesture;
  chosen = -1;
  draw();
}

svg.addEventListener('pointercancel', cancel);
// A quick pull is no flick: Chromium would take a tap within the next half second as its end only.
svg.addEventListener('touchmove', (event) => event.preventDefault(), { passive: false });
svg.addEventListener('pointerleave', () => {
  pointer = null;
  if (!gesture) draw();
});

// Keyboard

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

element.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') return cancel();
  if (event.target.matches('input') || gesture) return;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (plain && event.key.toLowerCase() === 'c') return compare(true);
  const key = event.key.toLowerCase();
  if (!plain && (key === 'z' || key === 'y')) {
    event.preventDefault();
    return key === 'y' || event.shiftKey ? step(later, earlier, 'redo') : step(earlier, later, 'undo');
  }
  if (svg.contains(event.target) && !props.busy) pointKey(event);
});

function pointKey(event) {
  const point = named(event.target.dataset.name);
  if (event.target.dataset.face && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault();
    return chooseFace(Number(event.target.dataset.face));
  }
  if (event.key === 'Enter' && props.scene === 'drag') return event.repeat || trigger('go');
  if (point?.pair !== undefined) chosen = point.pair;
  if (event.key === 'Delete' || event.key === 'Backspace') {
    event.preventDefault();
    return remove();
  }
  const way = ARROWS[event.key];
  if (!point || !way) return;
  event.preventDefault();
  const before = copy(drawn);
  const far = event.shiftKey ? 10 : 1;
  const [x, y] = point.diagonal ? [way[0] + way[1], way[0] + way[1]] : way;
  point.move([point.at[0] + far * x, point.at[1] + far * y]);
  const { at, name } = named(point.name);
  commit(`${name} at ${Math.round(at[0])}, ${Math.round(at[1])}`, before);
}

// The focus may have gone elsewhere while the key was held.
window.addEventListener('keyup', (event) => event.key.toLowerCase() === 'c' && compare(false));
window.addEventListener('blur', () => compare(false));
element.addEventListener('focusin', (event) => {
  const point = named(event.target.dataset?.name);
  if (point?.pair !== undefined && point.pair !== chosen) {
    chosen = point.pair;
    drawTools();
  }
});

// Tools

const ACTIONS = {
  add,
  remove,
  clear,
  undo: () => step(earlier, later, 'undo'),
  redo: () => step(later, earlier, 'redo'),
};

function press(event) {
  if (gesture) return;
  const { tool: chosenTool, kind, do: action } = event.target.dataset;
  if (chosenTool) tool = chosenTool;
  if (kind && kind !== drawn.kind) {
    const before = copy(drawn);
    drawn.kind = kind;
    commit(kind === 'box' ? 'A box: drag it, or its corner' : 'Put the points on the eyes and the mouth', before);
  }
  ACTIONS[action]?.();
  draw();
}

for (const bar of element.querySelectorAll('.tools')) bar.addEventListener('click', press);

const comparer = element.querySelector('[data-do=compare]');
comparer.addEventListener('pointerdown', () => compare(true));
for (const name of ['pointerup', 'pointerleave', 'pointercancel', 'blur']) comparer.addEventListener(name, () => compare(false));
comparer.addEventListener('keydown', (event) => [' ', 'Enter'].includes(event.key) && compare(true));
comparer.addEventListener('keyup', () => compare(false));
comparer.addEventListener('contextmenu', (event) => event.preventDefault());
element.querySelector('.size input').addEventListener('input', (event) => (brush = Number(event.target.value)));
