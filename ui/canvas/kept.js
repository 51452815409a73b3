// What is drawn and not sent yet outlives a reload: it is kept in the tab's storage, with the picture
// that it was drawn on, and comes back on the same picture only.

const KEPT = 'dragphoto.drawn';
let loaded = false; // Python has shown its first picture

// A number that tells pictures apart (FNV-1a of the URL).
function mark() {
  let number = 0x811c9dc5;
  for (let at = 0; at < props.picture.length; at++) {
    number = Math.imul(number ^ props.picture.charCodeAt(at), 0x01000193);
  }
  return number;
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ mark: mark(), drawn }));
  } catch {
    // There is no room, or no storage.
  }
}

// Python has sent what it knows of: after a reload that can be less than what was drawn.
function takeKept() {
  const first = !loaded;
  loaded = true;
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT));
    sessionStorage.removeItem(KEPT);
    if (!first || kept?.mark !== mark()) return;
    drawn = { ...kept.drawn, serial: drawn.serial };
    props.value = copy(drawn);
    keep();
  } catch {
    // There is nothing.
  }
}
