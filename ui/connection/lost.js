// Says when the server cannot be reached, and comes back by itself once it can: by loading the page
// again, which loses nothing, since the server knows the tab by its name (which_tab.js).
//
// Gradio notices a stream that breaks off. It does not notice one that is silent: phones that sleep
// and networks that change leave such ones. While work is in progress there is news all the time.

const LOST = 'Connection lost: your photo is kept. Trying again ...';
const OFFLINE = 'You are offline: your photo is kept. The page goes on once the network is back.';
const AGAIN = 2000; // ms between two tries
const AWAKE = 5000; // ms without news after the page was asleep
const SILENT = 45000; // ms without news otherwise
const APART = 300000; // ms between two reloads because of that

const sentence = element.querySelector('p');
const address = (path) => new URL(`gradio_api/${path}`, document.baseURI);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const isBusy = () => document.querySelector('#canvas .busy') !== null;
let lost = false;
let news = Date.now(); // when the status line has changed last
let woken = false; // since then the page was asleep
let tick = Date.now();

function say(words) {
  sentence.textContent = words;
  sentence.hidden = !words;
}

async function isThere() {
  try {
    return (await fetch(address('app_id'), { cache: 'no-store', signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

async function comeBack() {
  if (lost) return;
  lost = true;
  say(LOST);
  document.body.classList.add('lost'); // Gradio says the same in a toast of its own
  do await pause(AGAIN);  // a page that is being left ends here
  while (!(await isThere()));
  location.reload();
}

async function online() {
  woken = true;
  while (!lost && !(await isThere())) await pause(AGAIN);
  if (!lost) say('');
}

// A stream that does not say anything any more

function look() {
  const now = Date.now();
  if (now - tick > 5000) woken = true; // timers stand still while a page sleeps
  tick = now;
  if (!isBusy()) news = now;
  if (document.hidden || now - news < (woken ? AWAKE : SILENT)) return;
  if (woken || aWhileAgo(now)) comeBack();
}

function aWhileAgo(now) {
  try {
    const last = Number(sessionStorage.getItem('dragphoto.silent'));
    if (now - last < APART) return false;
    sessionStorage.setItem('dragphoto.silent', now);
    return true;
  } catch {
    return false;
  }
}

function wake() {
  if (document.hidden) return;
  if (!woken) news = Date.now();
  woken = true;
}

new MutationObserver((changes) => {
  if (changes.some(({ target }) => (target.closest ? target : target.parentElement)?.closest('#status'))) {
    news = Date.now();
    woken = false;
  }
  const toasts = document.querySelector('.toast-wrap');
  if (toasts?.textContent.includes('Connection to the server was lost')) comeBack();
}).observe(document.body, { subtree: true, childList: true, characterData: true });

setInterval(look, 1000);
document.addEventListener('visibilitychange', wake);
document.addEventListener('resume', wake);
window.addEventListener('pageshow', (event) => event.persisted && wake());
window.addEventListener('offline', () => lost || say(OFFLINE));
window.addEventListener('online', online);

// The tab is closed, or loaded again: the server cannot tell which, and waits a little.
window.addEventListener('pagehide', (event) => {
  const { tab, page } = window.dragphoto ?? {};
  if (event.persisted || !tab) return;
  const body = JSON.stringify({ data: [[tab, '', page]] });
  navigator.sendBeacon(address('run/ui_leave'), new Blob([body], { type: 'application/json' }));
});
