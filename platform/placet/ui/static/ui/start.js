// Starts what the page names: `data-start="player keys"` on an element runs those modules' `start(element)`.
// `data-live` on an element opens a stream of live updates for it. Content that htmx swaps in is started as well.

const NAMES = new Set(["copy", "gaps", "keys", "names", "player", "reveal"]);

/** @param {ParentNode} root */
async function startWithin(root) {
  const found = [...root.querySelectorAll("[data-start], [data-live]")];
  if (root instanceof Element && root.matches("[data-start], [data-live]")) found.push(root);
  for (const element of found) {
    if (element.started) continue;
    element.started = true;
    if (element.dataset.live) (await import("./live.js")).start(element);
    for (const name of (element.dataset.start ?? "").split(" ").filter((n) => NAMES.has(n))) {
      (await import(`./${name}.js`)).start(element);
    }
  }
}

startWithin(document).then(() => { document.documentElement.dataset.started = ""; });
document.body.addEventListener("htmx:load", (event) => startWithin(event.detail.elt));
