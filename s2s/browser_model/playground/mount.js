// Mounts the playground as a component; ``worker`` is the worker's script, as { url } or { code }.

import { backgroundOf } from "../../player/browser/palette.js";
import { mountPlayground } from "./playground.js";

const MOUNTED = new WeakMap(); // element → what is mounted there

export default function ({ data, parentElement }) {
  const box = parentElement.querySelector(".lookback");
  let mounted = MOUNTED.get(box);
  if (mounted && mounted.title !== data.strings.title) {
    mounted.end(); // another language
    mounted = null;
  }
  if (!mounted) {
    mounted = { title: data.strings.title, ...mountPlayground(box, data) };
    MOUNTED.set(box, mounted);
  }
  const background = backgroundOf(box);
  if (mounted.background !== background) mounted.redraw();
  mounted.background = background;
  return () => {
    mounted.end();
    MOUNTED.delete(box);
  };
}
