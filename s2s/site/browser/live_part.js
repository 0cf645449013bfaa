// Step through: the form and the player of a page with a model (live.js), as a part that a page of the site loads.

import { askEvidence, buildEvidence, paintEvidence } from "../../player/browser/evidence.js";
import { closeLive, openLive, paintLive, setFailed, setLoaded } from "../../player/browser/live.js";
import { mount } from "../../player/browser/player.js";
import { askReadout, buildMix, buildProducts, buildReadout } from "../../player/browser/readout.js";
import { mixedLine, productLine } from "../../player/browser/readout.js";

const MODEL_ACTS = {
  ...{ askEvidence, buildEvidence, paintEvidence },
  ...{ askReadout, buildMix, buildProducts, buildReadout, mixedLine, productLine },
};

// ``opened`` promises ``call``, once the model is open; the other values are those of ``openLive``.
export default function openLivePart({ opened, ...given }) {
  const call = async (kind, payload) => (await opened)(kind, payload);
  const live = openLive({ ...given, call, mount: (own) => mount(own, MODEL_ACTS) });
  opened.then(
    () => setLoaded(live),
    (error) => setFailed(live, error),
  );
  return { draw: () => paintLive(live), end: () => closeLive(live) };
}
