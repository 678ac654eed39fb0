// A picture stays blurred, grey and mute until somebody holds the button (or `u`); letting go covers it again.
// Playing does not uncover it.

/** @param {HTMLElement} box */
export function start(box) {
  const button = box.querySelector("[data-hold]");
  const video = box.querySelector("video");
  const cover = () => { box.classList.remove("seen"); video.muted = true; button.setAttribute("aria-pressed", "false"); };
  const uncover = () => { box.classList.add("seen"); button.setAttribute("aria-pressed", "true"); };
  button.addEventListener("pointerdown", (event) => { button.setPointerCapture(event.pointerId); uncover(); });
  for (const name of ["pointerup", "pointercancel", "blur"]) button.addEventListener(name, cover);
  button.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") uncover(); });
  button.addEventListener("keyup", cover);
  const isTyping = (event) => event.target.closest("textarea, input, select");
  document.addEventListener("keydown", (event) => { if (event.key === "u" && !isTyping(event)) uncover(); });
  document.addEventListener("keyup", (event) => { if (event.key === "u") cover(); });
  window.addEventListener("blur", cover);
  box.querySelectorAll("[data-second]").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    video.currentTime = Number(link.dataset.second);
  }));
  video.addEventListener("volumechange", () => { if (!box.classList.contains("seen")) video.muted = true; });
  cover();
}
