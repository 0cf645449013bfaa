// The address that a page writes: what is an entry of the browser's history, and that a framed page stays framed.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { HERE, enter, namedStep } from "../../s2s/player/browser/dom.js";

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
  assert.equal(
    written("?embed=true&text=a&embed_options=dark_theme", "/?text=a&step=2"),
    "/?text=a&step=2&embed=true&embed_options=dark_theme",
  );
  assert.equal(written("?text=a", "/?text=a&step=2"), "/?text=a&step=2");
});

// Whether a change of the address is an entry of the history.
function entered(search, url) {
  let pushed = false;
  Object.assign(globalThis, {
    location: { search, pathname: "/" },
    history: { state: null, pushState: () => (pushed = true), replaceState() {} },
  });
  enter(url);
  return pushed;
}

test("Back takes back a sentence, a model, a setting and the end of a setting, but no step", () => {
  HERE.loaded = true;
  for (const change of [
    "text=b",
    "text=a&model=m",
    "text=a&strategy=beam",
    "text=a&tab=charts",
    "text=a&chapter=layers",
    "text=a&ref=r",
  ]) {
    assert.ok(entered("?text=a&step=3", `/?${change}`), change);
    assert.equal(entered(`?${change}`, "/?text=a"), true, change);
  }
  for (const same of [
    "text=a&step=2",
    "text=a&lane=forced&step=3",
    "text=a&lang=en",
    "text=a&branches=x",
    "text=a&pieces=1",
  ]) {
    assert.equal(entered("?text=a&step=3", `/?${same}`), false, same);
  }
  assert.equal(entered("?inspection=i", "/?inspection=i&row=3"), true);
});

test("the first address of a page is no entry, nor is what a page writes after Back before the reader acts", () => {
  HERE.loaded = true;
  assert.equal(entered("", "/?text=a&model=m"), false);
  HERE.back = true;
  assert.equal(entered("?text=a", "/?text=a&model=m"), false);
  Object.assign(HERE, { back: false, loaded: false });
  assert.equal(entered("?text=a", "/?text=a&model=m"), false);
});

test("a step of an address is a whole number from 1, and no beginning of another text", () => {
  assert.deepEqual(["1", "12", "10000"].map((text) => namedStep(text)), [0, 11, 9999]);
  for (const text of ["2.5", "1e1", "3x", " 2", "0", "-1", "10001", "", null]) assert.equal(namedStep(text), null);
  assert.equal(namedStep("10001", Infinity), 10000); // of a page without a server
});
