// Buttons with names add theirs to the field that takes names (`data-names`), or take it out again.

/** @param {HTMLElement} choices */
export function start(choices) {
  const field = document.querySelector("input[data-names]");
  const names = () => field.value.split(",").map((name) => name.trim()).filter(Boolean);
  const show = () => choices.querySelectorAll("button").forEach((button) => {
    button.setAttribute("aria-pressed", String(names().includes(button.dataset.name)));
  });
  choices.addEventListener("click", (event) => {
    const name = event.target.closest("button")?.dataset.name;
    if (!name) return;
    const chosen = names();
    field.value = (chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]).join(", ");
    show();
  });
  field.addEventListener("input", show);
  show();
}
