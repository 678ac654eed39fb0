// Keys that press what the page shows: `data-keys="j:[data-next] a:#approve"` (`>>` stands
// for a space in a selector). Never while somebody types;
// Escape leaves the field.

const TYPING = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";

/** @param {HTMLElement} element */
export function start(element) {
  const pairs = element.dataset.keys.split(/\s+/).filter(Boolean).map((pair) => {
    const at = pair.indexOf(":");
    return [pair.slice(0, at), pair.slice(at + 1).replaceAll(">>", " ")];
  });
  const wanted = new Map(pairs);
  const press = (event) => {
    if (!element.isConnected) return document.removeEventListener("keydown", press);
    if (event.key === "Escape" && element.contains(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING)) return;
    const target = wanted.has(event.key) && document.querySelector(wanted.get(event.key));
    if (!target || target.disabled) return;
    event.preventDefault();
    if (target.matches(TYPING)) target.focus();
    else target.click();
  };
  document.addEventListener("keydown", press);
}
