// Everything of this tab is deleted: nobody finds it by its old name.
() => {
  const name = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  try {
    sessionStorage.removeItem('dragphoto.drawn');
    sessionStorage.setItem('dragphoto.tab', name);
  } catch {
    // There was nothing.
  }
  window.dragphoto.tab = name;
  return [[name, '', window.dragphoto.page]];
}
