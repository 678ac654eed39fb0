// Live updates over server-sent events: `data-live="/live/…"` on an element. Each event is dispatched to the element as
// the DOM event named in `data-says` (default `placet:step`), with the data in `detail`. While the stream is unavailable,
// the same DOM event fires every three seconds, so that its listeners ask the page's own server instead. It ends when the
// target holds an element with `data-ended`.

const AWAY_SECONDS = 3;
const TRY_AGAIN_SECONDS = 10;

/** @param {HTMLElement} element */
export function start(element) {
  const says = element.dataset.says ?? "placet:step";
  const say = (detail) => element.dispatchEvent(new CustomEvent(says, { detail, bubbles: true }));
  let stream;
  let away = 0;
  let again = 0;
  const leave = () => { stream.close(); clearInterval(away); clearTimeout(again); };
  const open = () => {
    stream = new EventSource(document.documentElement.dataset.liveOrigin + element.dataset.live, { withCredentials: true });
    stream.onopen = () => { clearInterval(away); away = 0; say({ kind: "open" }); };
    stream.onerror = () => {
      away ||= setInterval(() => say({ kind: "asked" }), AWAY_SECONDS * 1000);
      if (stream.readyState === EventSource.CLOSED) again = setTimeout(open, TRY_AGAIN_SECONDS * 1000);
    };
    stream.addEventListener("step", (event) => say({ kind: "step", ...JSON.parse(event.data) }));
    stream.addEventListener("progress", (event) => showProgress(element, JSON.parse(event.data)));
  };
  open();
  window.addEventListener("pagehide", leave);
  element.addEventListener("htmx:afterSwap", () => { if (element.querySelector("[data-ended]")) leave(); });
}

/** @param {HTMLElement} element  @param {{phase: string, done: number}} progress */
function showProgress(element, { phase, done }) {
  const bar = element.querySelector("progress");
  const text = element.querySelector("[data-phase]");
  if (bar) bar.value = Math.max(bar.value, done);
  if (text) text.textContent = text.dataset[phase.replaceAll(" ", "")] ?? phase;
}
