// A field whose whole text is chosen when it is entered, ready to be copied.
/** @param {HTMLInputElement} field */
export function start(field) {
  field.addEventListener("focus", () => field.select());
}
