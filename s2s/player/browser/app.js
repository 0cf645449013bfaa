// The player in the app, with the sections whose numbers only Python can compute; exported pages do without them.

import { askEvidence, buildEvidence, paintEvidence } from "./evidence.js";
import { mount } from "./player.js";
import { buildReadout } from "./readout.js";

export default function (component) {
  return mount(component, { askEvidence, buildReadout, buildEvidence, paintEvidence });
}
