// Which tab this is: a random name in the tab's own storage. A reload finds it again, a closed tab
// takes it along. A copied tab has a copy of it: the one that is still open says so, and the copy
// takes another name, and goes on with what the first one has. See tab.py for the three names.
async () => {
  const KEPT = 'dragphoto.tab';
  const random = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  let storage = { getItem: () => '', setItem: () => {} };
  try {
    storage = sessionStorage;
  } catch {
    // The browser keeps nothing: every load is a new tab.
  }
  const before = storage.getItem(KEPT) || '';
  const tabs = new BroadcastChannel(KEPT);
  const isOpen =
    before &&
    (await new Promise((done) => {
      tabs.onmessage = ({ data }) => data.here === before && done(true);
      setTimeout(done, 200, false);
      tabs.postMessage({ asked: before });
    }));
  const name = before && !isOpen ? before : random();
  storage.setItem(KEPT, name);
  tabs.onmessage = ({ data }) => data.asked && data.asked === storage.getItem(KEPT) && tabs.postMessage({ here: data.asked });
  window.dragphoto = { tab: name, page: random() };
  return [[name, before, window.dragphoto.page]];
}
