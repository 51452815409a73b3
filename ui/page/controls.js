// Sliders for named controls. `props.value` is what Python shows: {values, off, why}.

const inputs = [...element.querySelectorAll('input')];
const reset = element.querySelector('button');
const AFTER_KEYS = 400; // ms: as many presses as are made in a row are one edit
let held = false; // something is set here that Python has not been told
let waiting = false; // for the answer to what it was told: more can be set meanwhile
let keys = false;
let timer = 0;

const label = (input) => {
  input.parentElement.querySelector('output').value = input.value;
};
const tell = () => {
  held = false;
  waiting = true;
  trigger('set', { values: Object.fromEntries(inputs.map((input) => [input.name, Number(input.value)])) });
};
const place = (values) =>
  inputs.forEach((input) => {
    input.value = values[input.name] || 0;
    label(input);
  });

function take() {
  const { values, off, why } = props.value;
  if (!off) waiting = false;
  for (const part of [...inputs, reset]) part.disabled = off && !waiting;
  element.querySelector('.why').textContent = why;
  if (!held) place(values);
}

element.addEventListener('keydown', () => (keys = true));
element.addEventListener('pointerdown', () => (keys = false));
element.addEventListener('input', ({ target }) => {
  held = true;
  label(target);
});
element.addEventListener('change', () => {
  clearTimeout(timer);
  timer = setTimeout(tell, keys ? AFTER_KEYS : 0);
});
reset.addEventListener('click', () => {
  place({});
  tell();
});
element.querySelector('details').open = matchMedia('(min-width: 901px)').matches;
watch('value', take);
take();
