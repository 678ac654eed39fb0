// The reel plays one clip: the one that is seen most. Sound is off until somebody turns it on; then it stays on.

/** @param {HTMLElement} reel */
export function start(reel) {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let hasSound = false;
  let shown = null;
  const clips = () => [...reel.querySelectorAll("[data-clip]")];
  const videoOf = (clip) => clip?.querySelector("video");

  const play = (clip) => {
    if (clip === shown) return;
    videoOf(shown)?.pause();
    shown?.removeAttribute("data-shown");
    shown = clip;
    shown.setAttribute("data-shown", "");
    const video = videoOf(clip);
    if (!video) return;
    video.muted = !hasSound;
    video.preload = "auto";
    if (!isStill) video.play().catch(() => { video.controls = true; });
  };

  const watcher = new IntersectionObserver((seen) => {
    const most = seen.filter((s) => s.intersectionRatio > 0.6).at(-1);
    if (most) play(most.target);
  }, { root: reel, threshold: [0.61] });

  const watch = () => clips().filter((clip) => !clip.watched).forEach((clip) => {
    clip.watched = true;
    const video = videoOf(clip);
    video.controls = isStill;
    video.addEventListener("click", () => (video.paused ? video.play() : video.pause()));
    watcher.observe(clip);
  });

  const step = (by) => {
    const all = clips();
    const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(shown) + by))];
    next?.scrollIntoView({ behavior: isStill ? "instant" : "smooth" });
  };

  const sound = document.querySelector("[data-sound]");
  sound?.addEventListener("click", () => {
    hasSound = !hasSound;
    sound.setAttribute("aria-pressed", String(hasSound));
    const words = sound.querySelector("[data-on]");
    words.textContent = hasSound ? words.dataset.on : words.dataset.off;
    if (videoOf(shown)) videoOf(shown).muted = !hasSound;
  });
  document.querySelector("[data-next]")?.addEventListener("click", () => step(1));
  document.querySelector("[data-previous]")?.addEventListener("click", () => step(-1));
  document.body.addEventListener("htmx:load", watch);
  watch();
}
