// Live updates over server-sent events: `data-live="/live/…"` on an element. What comes is told to the element as the
// DOM event named in `data-says` (default `placet:step`), with the data in `detail`. While the stream is away, the same
// event is said every three seconds, so that whoever listens asks the page's own server instead.

const AWAY_SECONDS = 3;

/** @param {HTMLElement} element */
export function start(element) {
  const says = element.dataset.says ?? "placet:step";
  const say = (detail) => element.dispatchEvent(new CustomEvent(says, { detail, bubbles: true }));
  const stream = new EventSource(document.documentElement.dataset.liveOrigin + element.dataset.live, { withCredentials: true });
  let away = 0;
  const leave = () => { stream.close(); clearInterval(away); };
  stream.onopen = () => { clearInterval(away); away = 0; };
  stream.onerror = () => { away ||= setInterval(() => say({ kind: "asked" }), AWAY_SECONDS * 1000); };
  stream.addEventListener("step", (event) => say({ kind: "step", ...JSON.parse(event.data) }));
  stream.addEventListener("progress", (event) => showProgress(element, JSON.parse(event.data)));
  window.addEventListener("pagehide", leave);
  document.body.addEventListener("htmx:beforeCleanupElement", (event) => { if (event.detail.elt === element) leave(); });
}

/** @param {HTMLElement} element  @param {{phase: string, done: number}} progress */
function showProgress(element, { phase, done }) {
  const bar = element.querySelector("progress");
  const text = element.querySelector("[data-phase]");
  if (bar) bar.value = done;
  if (text) text.textContent = text.dataset[phase.replaceAll(" ", "")] ?? phase;
}
