// The picture of a flow: ribbons and bars in an SVG, and the nodes as buttons over it. A change is animated, from what
// is drawn at that moment, so that the next step need not wait for the last one's end.

import { el } from "./dom.js";
import { between, easeOut, ribbonPath } from "./flow_layout.js";

const DURATION = 260; // milliseconds from one step's drawing to the next
const BAR = 10; // pixels, the thickness of a node
const NARROW = 620; // pixels; narrower drawings go from top to bottom
const SHARE = 0.7; // of the room across that labels may take
const SHAPES = {
  flat: { margins: [170, 200], slot: 22, vector: 44, most: [12, 7] },
  upright: { margins: [52, 66], slot: 62, vector: 76, most: [6, 5] },
};

const svg = (tag, attributes = {}) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

// An empty drawing. ``still`` is called whenever an animation has ended, ``resized`` when there is other room.
export function newDrawing(still, resized) {
  const picture = svg("svg", { "aria-hidden": "true" });
  const list = el("ul", { class: "flowNodes", role: "list" });
  const box = el("div", { class: "flowDrawing" }, picture, list);
  const drawing = {
    box,
    picture,
    list,
    still,
    size: null,
    shown: null,
    target: null,
    from: null,
    began: 0,
    frame: null,
  };
  Object.assign(drawing, { paths: new Map(), bars: new Map(), items: new Map() });
  new ResizeObserver(() => box.isConnected && measureRoom(drawing) && resized()).observe(box);
  return drawing;
}

// Measure the room; whether it has changed.
function measureRoom(drawing) {
  const { clientWidth: width, clientHeight: height } = drawing.box;
  if (!width || (drawing.size?.width === width && drawing.size?.height === height)) return false;
  drawing.size = { width, height };
  return true;
}

// The room that ``placeFlow`` takes, and how many source and target words have a node of their own in it.
export function roomOf(drawing) {
  if (!drawing.size) measureRoom(drawing);
  const { width, height } = drawing.size ?? { width: 0, height: 0 };
  const upright = width < NARROW;
  const { margins, slot, vector, most } = SHAPES[upright ? "upright" : "flat"];
  const [along, across] = upright ? [height, width] : [width, height];
  const fitting = Math.max(3, Math.floor((SHARE * across) / slot));
  return { upright, along, across, margins, slot, vector, most: most.map((count) => Math.min(count, fitting)) };
}

// Keep a node of the page for each id of a list, in its order; what has the focus keeps it.
function keep(known, parent, ids, make) {
  if (ids.join() !== [...known.keys()].join()) {
    const before = new Map(known);
    known.clear();
    for (const id of ids) known.set(id, before.get(id) ?? make(id));
    const focused = parent.getRootNode().activeElement;
    parent.replaceChildren(...known.values());
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }
  return known;
}

// Show a graph at its places; from another step's places it moves there. ``make`` makes a node's list item.
export function drawGraph(drawing, graph, places, room, make) {
  const ribbons = new Map(graph.ribbons.map((ribbon) => [ribbon.id, ribbon]));
  const paths = svg("g"), bars = svg("g");
  if (!drawing.picture.firstChild) drawing.picture.append(paths, bars);
  const [first, last] = drawing.picture.children;
  keep(drawing.paths, first, [...ribbons.keys()], () => svg("path"));
  keep(drawing.bars, last, graph.nodes.map(({ id }) => id), () => svg("rect"));
  keep(drawing.items, drawing.list, graph.nodes.map(({ id }) => id), make);
  for (const [id, path] of drawing.paths) {
    path.setAttribute("class", `ribbon ${ribbons.get(id).kind}`);
    path.dataset.node = ribbons.get(id).node;
  }
  const turned = drawing.upright !== room.upright;
  drawing.upright = room.upright;
  drawing.box.classList.toggle("upright", room.upright);
  aim(drawing, places, turned);
}

const wantsNoMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function aim(drawing, places, jump) {
  if (jump || !drawing.shown || wantsNoMotion()) {
    cancelAnimationFrame(drawing.frame);
    Object.assign(drawing, { frame: null, target: places });
    draw(drawing, places);
    return drawing.still();
  }
  if (JSON.stringify(drawing.target) === JSON.stringify(places)) return drawing.frame === null && drawing.still();
  Object.assign(drawing, { from: drawing.shown, target: places, began: performance.now() });
  draw(drawing, between(drawing.from, places, 0)); // new nodes have a place at once
  drawing.frame ??= requestAnimationFrame((now) => move(drawing, now));
}

function move(drawing, now) {
  drawing.frame = null;
  if (!drawing.box.isConnected) return;
  const t = Math.min(1, Math.max(0, (now - drawing.began) / DURATION));
  draw(drawing, between(drawing.from, drawing.target, easeOut(t)));
  if (t < 1) drawing.frame = requestAnimationFrame((later) => move(drawing, later));
  else drawing.still();
}

function draw(drawing, places) {
  const { upright } = drawing;
  drawing.shown = places;
  for (const [id, path] of drawing.paths) path.setAttribute("d", ribbonPath(places.ribbons[id], upright));
  for (const [id, [along, across, size]] of Object.entries(places.nodes)) {
    const [x, y] = upright ? [across, along] : [along, across];
    const box = upright ? [x - size / 2, y - BAR / 2, size, BAR] : [x - BAR / 2, y - size / 2, BAR, size];
    ["x", "y", "width", "height"].forEach((name, i) => drawing.bars.get(id).setAttribute(name, box[i].toFixed(1)));
    drawing.items.get(id).style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
  }
}

// Where a node is drawn, in pixels of the drawing.
export function placeOf({ shown, upright }, id) {
  const [along, across] = shown?.nodes[id] ?? [0, 0];
  return upright ? [across, along] : [along, across];
}
