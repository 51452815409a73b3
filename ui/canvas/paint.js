// Shows what is drawn: everything is made anew from `props` and `drawn`, so nothing can be stale.

function node(tag, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Only what changes is drawn anew.
const set = (thing, name, value) => thing.getAttribute(name) === String(value) || thing.setAttribute(name, value);
const text = (place, words) => node('text', { x: place[0], y: place[1] }, words);
const line = (places, look) => node('polyline', { points: places.join(' '), class: look });
const frame = (places, look) => node('polygon', { points: places.join(' '), class: look });

function draw() {
  const focused = element.contains(document.activeElement) && document.activeElement.dataset.name;
  const size = { width: props.width, height: props.height, x: -0.5, y: -0.5 };
  set(svg, 'viewBox', `-0.5 -0.5 ${props.width} ${props.height}`);
  svg.style.setProperty('--unit', `${unit()}px`);
  svg.style.aspectRatio = `${props.width} / ${props.height}`;
  svg.dataset.tool = props.scene === 'fit' ? 'fit' : tool;
  for (const name of ['image', 'still']) {
    for (const [key, value] of Object.entries(size)) set(part(name), key, value);
  }
  set(part('image'), 'href', comparing && props.before ? props.before : props.picture);
  part('marks').replaceChildren(...(props.scene === 'fit' ? fitMarks() : dragMarks()));
  part('marks').setAttribute('opacity', comparing ? 0 : 1); // there, so that none loses the focus
  drawStrokes();
  drawPreview();
  drawLoupe();
  drawTools();
  if (focused) (element.querySelector(`[data-name="${focused}"]`) ?? svg).focus({ preventScroll: true });
}

function fitMarks() {
  const others = props.faces.map((marks, number) => {
    const quad = frame(faceQuad(marks), 'other');
    const attributes = { role: 'button', tabindex: 0, 'aria-label': `Face ${number + 1}`, 'data-name': `Face ${number + 1}` };
    const made = node('g', attributes, quad);
    made.dataset.face = number;
    return made;
  });
  const [left, top, side] = drawn.box;
  const square = [[left, top], [left, top + side], [left + side, top + side], [left + side, top]];
  const quad = drawn.kind === 'box' ? square : faceQuad(drawn.marks);
  const rim = `M-1,-1H${props.width}V${props.height}H-1Z`;
  const outside = node('path', { d: `${rim} M${quad.join(' L')}Z`, class: 'outside' });
  const choice = props.faces.length > 1 && drawn.kind === 'face' ? others : [];
  return [outside, ...choice, frame(quad, 'crop'), ...points().map(dot)];
}

function dragMarks() {
  if (props.busy) return props.track.flatMap(walking);
  const arrows = drawn.drags.map(([hx, hy, tx, ty], number) => arrow([hx, hy], [tx, ty], number === chosen));
  const ring = pointer && tool !== 'drag' ? [node('circle', { cx: pointer[0], cy: pointer[1], r: brush, class: 'ring' })] : [];
  return [...arrows, ...points().map(dot), ...ring];
}

function arrow(from, to, isChosen) {
  const u = unit();
  const turn = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const back = (length, angle) => [to[0] - length * u * Math.cos(turn + angle), to[1] - length * u * Math.sin(turn + angle)];
  const long = distance(from, to) > 42 * u;
  const head = long ? [line([back(21, 0.32), back(11, 0), back(21, -0.32)], 'arrow')] : [];
  const away = `${Math.round(distance(from, to) * props.photo_px)} px`;
  const label = isChosen && long ? [text([to[0] + 14 * u, to[1] - 10 * u], away)] : [];
  return node('g', {}, line([from, to], 'arrow halo'), line([from, to], 'arrow'), ...head, ...label);
}

// A handle during a drag: its trail, where it is, where it goes and how far that is.
function walking({ at, target, away }, number) {
  return [
    line(trails[number] || [at], 'trail'),
    line([at, target], 'arrow'),
    node('circle', { cx: target[0], cy: target[1], r: 8 * unit(), class: 'target' }),
    node('circle', { cx: at[0], cy: at[1], r: 7 * unit(), class: 'handle' }),
    text([target[0] + 14 * unit(), target[1] - 10 * unit()], `${Math.round(away)} px`),
  ];
}

function dot({ kind, name, at, pair }) {
  const label = `${name} at ${Math.round(at[0])}, ${Math.round(at[1])}`;
  const made = node(
    'g',
    { role: 'button', tabindex: props.busy ? -1 : 0, 'aria-label': label, 'data-name': name },
    node('circle', { cx: at[0], cy: at[1], r: 11 * unit(), class: 'halo' }),
    node('circle', { cx: at[0], cy: at[1], r: (kind === 'target' ? 8 : 7) * unit(), class: kind }),
  );
  made.classList.toggle('chosen', pair !== undefined && pair === chosen);
  return made;
}

// White in the SVG mask is what stays; it is dimmed.
function drawStrokes() {
  const painted = drawn.strokes.some((stroke) => !stroke.erase);
  const ground = node('rect', { x: -0.5, y: -0.5, width: props.width, height: props.height, fill: painted ? 'white' : 'black' });
  const lines = drawn.strokes.map(({ points, radius, erase }) =>
    node('polyline', {
      points: [...points, points.at(-1)].join(' '),
      'stroke-width': 2 * radius,
      stroke: erase ? 'white' : 'black',
      class: 'stroke',
    }),
  );
  part('strokes').replaceChildren(ground, ...lines);
  const shown = drawn.strokes.length > 0 && !comparing && props.scene === 'drag';
  part('still').setAttribute('visibility', shown ? 'visible' : 'hidden');
}

// What is under the finger, twice as large, in a corner away from it.
function drawLoupe() {
  const loupe = part('loupe');
  const shown = gesture?.touch && pointer && (tool === 'drag' || props.scene === 'fit');
  loupe.setAttribute('visibility', shown ? 'visible' : 'hidden');
  if (!shown) return;
  const side = 110 * unit();
  const right = pointer[0] < props.width / 2;
  const look = {
    x: right ? props.width - side - 0.5 : -0.5,
    y: -0.5,
    width: side,
    height: side,
    viewBox: `${pointer[0] - side / 4} ${pointer[1] - side / 4} ${side / 2} ${side / 2}`,
  };
  for (const [key, value] of Object.entries(look)) loupe.setAttribute(key, value);
  const image = part('image').cloneNode();
  image.removeAttribute('data-part');
  loupe.replaceChildren(image, node('circle', { cx: pointer[0], cy: pointer[1], r: 2 * unit(), class: 'handle' }));
}

function drawTools() {
  for (const group of element.querySelectorAll('[data-scene]')) group.hidden = group.dataset.scene !== props.scene;
  for (const button of element.querySelectorAll('button[data-tool]')) button.setAttribute('aria-pressed', button.dataset.tool === tool);
  for (const button of element.querySelectorAll('[data-kind]')) button.setAttribute('aria-pressed', button.dataset.kind === drawn.kind);
  element.querySelector('.size').hidden = tool === 'drag';
  const able = {
    add: true,
    remove: chosen >= 0 && chosen < drawn.drags.length,
    clear: drawn.drags.length + drawn.strokes.length > 0,
    undo: earlier.length > 0 || props.now > 0,
    redo: later.length > 0 || props.now < props.versions.length - 1,
    compare: true,
  };
  for (const button of element.querySelectorAll('.tools button')) {
    const off = (props.busy && button.dataset.do !== 'compare') || able[button.dataset.do] === false;
    if (off && button === document.activeElement) svg.focus({ preventScroll: true }); // keys go on
    button.disabled = off;
  }
  svg.classList.toggle('busy', props.busy);
}

function drawVersions() {
  const made = props.versions.map((picture, number) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(Object.assign(new Image(), { src: picture, alt: '' }));
    button.setAttribute('aria-label', number ? `Version ${number}` : 'The photo as it was');
    button.setAttribute('aria-current', number === props.now);
    button.disabled = props.busy;
    button.addEventListener('click', () => trigger('jump', { number }));
    return button;
  });
  const focused = [...part('versions').children].indexOf(document.activeElement);
  part('versions').replaceChildren(...made);
  made[focused]?.focus({ preventScroll: true });
  part('versions').hidden = props.scene !== 'drag';
  part('versions').querySelector('[aria-current=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}
