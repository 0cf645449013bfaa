// The player in the app, with the sections whose numbers only a model can compute; exported pages do without them.

import { askEvidence, buildEvidence, paintEvidence } from "./evidence.js";
import { attachModel, noteMessage, readHere } from "./local_answers.js";
import { mount } from "./player.js";
import { askReadout, buildMix, buildProducts, buildReadout, mixedLine, productLine } from "./readout.js";

const MODEL_HERE = { attachModel, noteMessage, readHere };

export default function (component) {
  const readout = { askReadout, buildMix, buildProducts, buildReadout, mixedLine, productLine };
  return mount(component, { askEvidence, buildEvidence, paintEvidence, ...readout, ...MODEL_HERE });
}
