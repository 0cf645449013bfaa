// An exported page: the player mounted on the lanes in the page, with switches for language and theme.

import { placeFromAddress } from "./address.js";
import { watchSwitches } from "./page_controls.js";
import { VIEWS, mount, show } from "./player.js";

function openPage() {
  const stored = (id) => JSON.parse(document.getElementById(id).textContent);
  const lanes = stored("lookback-lanes");
  const { language, vocabulary, strings, branches, framed, words, begin, summaries } = stored("lookback-page");
  const host = document.getElementById("player").attachShadow({ mode: "open" });
  host.append(document.getElementById("parts").content);
  const asked = (name) => new URLSearchParams(location.hash.slice(1)).get(name);

  function mountPlayer(shown) {
    const link = framed ? null : shown === language ? {} : { lang: shown };
    const inPieces = (asked("pieces") ?? begin?.pieces) === "1";
    const { player } = strings[shown];
    const own = { lanes, vocabulary, strings: player, link, branches, words, begin, summaries, language: shown };
    mount({ data: { ...own, fragment: true, pieces: inPieces }, parentElement: host });
  }

  addEventListener("hashchange", ({ newURL }) => {
    const view = VIEWS.get(host.querySelector(".lookback"));
    // not the location's, which a step may have written meanwhile
    show(view, placeFromAddress(view.model, new URL(newURL).hash));
  });
  const pages = Object.fromEntries(Object.entries(strings).map(([name, own]) => [name, own.page]));
  const paintPage = watchSwitches(pages, language, mountPlayer);
  if (framed) fitFrame(paintPage);
}

// In a notebook the page tells its frame how tall it is, and is told whether its surroundings are dark.
function fitFrame(paintPage) {
  const page = document.documentElement;
  const tell = (what) => parent.postMessage({ lookback: what, height: document.body.offsetHeight }, "*");
  addEventListener("message", ({ source, data }) => {
    if (source !== parent || typeof data?.dark !== "boolean") return;
    const theme = data.dark ? "dark" : "light";
    if (page.dataset.theme !== theme) {
      page.dataset.theme = theme;
      paintPage();
    }
    tell("size");
  });
  new ResizeObserver(() => tell("size")).observe(document.body);
  tell("hello");
}

openPage();
