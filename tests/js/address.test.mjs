// The address that a page writes keeps the parameters by which Streamlit knows that it is framed.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { enter } from "../../s2s/player/browser/dom.js";

function written(search, url) {
  let last;
  Object.assign(globalThis, {
    location: { search, pathname: "/" },
    history: { state: null, pushState: (_, __, to) => (last = to), replaceState: (_, __, to) => (last = to) },
  });
  enter(url);
  return last;
}

test("a framed page stays framed", () => {
  assert.equal(written("?embed=true&text=a&embed_options=dark_theme", "/?text=a&step=2"), "/?text=a&step=2&embed=true&embed_options=dark_theme");
  assert.equal(written("?text=a", "/?text=a&step=2"), "/?text=a&step=2");
});
