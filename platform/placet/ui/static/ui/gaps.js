// Counts the numbers of the notices on the page again, apart from the server: each must follow the one before.

/** @param {HTMLElement} list */
export function start(list) {
  const numbers = [...list.querySelectorAll("[data-number]")].map((one) => Number(one.dataset.number));
  const isDense = numbers.every((number, at) => at === 0 || number === numbers[at - 1] - 1);
  const says = list.querySelector("[data-gaps]");
  if (says) says.textContent = isDense ? says.dataset.ok : says.dataset.bad;
}
