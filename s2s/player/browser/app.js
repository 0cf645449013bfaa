// The player in the app, where somebody can be asked for the way from a context to the logits.

import { mount } from "./player.js";
import { askedReadout } from "./readout.js";

export default function (component) {
  return mount(component, { askedReadout });
}
