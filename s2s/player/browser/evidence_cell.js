import { decimals, el, shade } from "./dom.js";

// A weight as a cell, shaded by its share; a weight against the word is in another colour.
export function evidenceCell(share, value, marked, s) {
  const against = value < 0 && share >= 0.005;
  const cell = el("td", { class: against ? "against" : "", "data-s": s, title: decimals(value, 4) });
  cell.style.setProperty("--w", shade(share).toFixed(3));
  cell.textContent = share >= 0.005 ? (against ? "−" : "") + share.toFixed(2) : "";
  cell.classList.toggle("marked", marked);
  return cell;
}
