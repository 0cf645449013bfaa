// The player in the app, where Python can be asked for the arithmetic from context to logits.

import { mount } from "./player.js";
import { askedReadout } from "./readout.js";

export default function (component) {
  return mount(component, { askedReadout });
}
