// A weight as a tone: the higher, the greater. Off until the reader switches it on; the browser remembers that.

import { button } from "./dom.js";
import { recall, remember } from "./stored.js";

const STORED = "sound"; // "on" or "off"
const LOWEST = 220; // Hz, of weight 0; weight 1 is two octaves higher
const SECONDS = 0.16;

export const pitch = (weight) => LOWEST * 4 ** Math.min(1, Math.max(0, weight));

const SOUND = (globalThis.lookbackSound ??= { on: recall(STORED) === "on", context: null });

// Play a weight, if the sound is on.
export function playWeight(weight) {
  if (!SOUND.on) return;
  const context = (SOUND.context ??= new AudioContext());
  const [tone, volume] = [context.createOscillator(), context.createGain()];
  const [now, end] = [context.currentTime, context.currentTime + SECONDS];
  tone.frequency.value = pitch(weight);
  volume.gain.setValueAtTime(0.12, now);
  volume.gain.exponentialRampToValueAtTime(0.001, end);
  tone.connect(volume).connect(context.destination);
  tone.start(now);
  tone.stop(end);
}

// The switch; ``sample`` gives the weight that is played when the sound is switched on.
export function soundButton(strings, sample) {
  const node = button("sound", strings.sound_help, () => {
    SOUND.on = !SOUND.on;
    remember(STORED, SOUND.on ? "on" : "off");
    node.setAttribute("aria-pressed", SOUND.on);
    playWeight(sample());
  }, `♪ ${strings.sound}`);
  node.setAttribute("aria-pressed", SOUND.on);
  return node;
}
