// What happens when Python changes something; then the first picture.

watch('value', () => {
  if (props.value.serial === drawn.serial) return; // our own drawing, come back
  drawn = copy(props.value);
  gesture = null;
  earlier = [];
  later = [];
  takeKept();
  chosen = drawn.drags.length - 1;
  draw();
});
watch('track', () => {
  trails = props.track.map(({ at }, number) => [...(trails[number] || []), at]);
  if (!props.busy || !props.track.length) trails = [];
});
watch('preview', takeHead);
watch('busy', holdPreview);
part('image').addEventListener('animationend', () => part('image').classList.remove('arrives'));
watch(['scene', 'picture', 'before', 'width', 'height', 'faces', 'track', 'busy', 'photo_px'], () => {
  if (props.busy) cancel();
  draw();
});
watch(['versions', 'now', 'busy', 'scene'], () => {
  drawVersions();
  drawTools();
});

new ResizeObserver(draw).observe(svg);
takeHead();
draw();
drawVersions();
