// A component that shows nothing: it moves the focus to what the page projects where the projector mode is entered or
// left, because the control that did it is gone or folded away.

import { takeProjected } from "../../../player/browser/keys.js";

const PAGE = "[data-testid=stMainBlockContainer]";

export default function mount({ data }) {
  const box = document.querySelector(data.box) ?? document.querySelector(PAGE);
  if (!box) return;
  box.tabIndex = -1;
  box.style.outline = "none"; // its type fills the screen
  takeProjected(box, data.projected);
}
