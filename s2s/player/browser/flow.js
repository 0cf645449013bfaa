// The flow of one step: from source words to the context, through h̃ and the logits, to the word, as ribbons. Each part
// has its line of arithmetic, and opens to all of its numbers; each node and ribbon has a line of its own.
// ``cursor.flow`` is null while the flow is closed, else {node, part}: the node whose line is shown, the part that is
// open.

import { stepSentence } from "./address.js";
import { shownStep, traceOf, withFlow } from "./cursor.js";
import { button, decimals, el, fill, joined, label, percent } from "./dom.js";
import { drawGraph, newDrawing, placeOf, roomOf } from "./flow_drawing.js";
import { SOURCE, WORDS, flowGraph, placeFlow } from "./flow_layout.js";
import { fitFlow } from "./fit.js";
import { FLOW_PARTS, aboutStep, nodeLine, notes, partOf } from "./flow_lines.js";
import { spokenWord } from "./model.js";
import { restLabel } from "./softmax.js";
import { bare } from "./words.js";

// Build the flow and the button that opens it.
export function buildFlow(view) {
  const { dom, model } = view;
  const { strings } = model;
  const toggle = (event) => toggleFlow(view, event.detail === 0); // 0: by key
  dom.flowButton = button("flowButton", strings.flow_help, toggle, strings.flow);
  dom.flowSaid = el("p", { class: "flowSaid" });
  dom.flowBack = button("flowBack", strings.flow_back_help, () => goBack(view), `← ${strings.flow_back}`);
  dom.flowChain = el("ol", { class: "flowChain", role: "list", "aria-label": strings.flow_parts });
  dom.flowLine = el("div", { class: "flowLine sum", role: "status" });
  dom.flowDetail = el("div", { class: "flowDetail" });
  dom.flowNote = el("p", { class: "flowNote" });
  const repaint = () => paintFlow(view, traceOf(view).steps[shownStep(view)]);
  dom.drawing = newDrawing(() => view.acts.askReadout?.(view), repaint);
  dom.drawing.list.setAttribute("aria-label", strings.flow_nodes);
  dom.flow = el(
    "section",
    { class: "flow", "aria-label": strings.flow_title, hidden: "", tabindex: "-1" },
    el("div", { class: "flowHead" }, dom.flowSaid, dom.flowBack),
    dom.flowChain,
    dom.drawing.box,
    dom.flowLine,
    dom.flowDetail,
    dom.flowNote,
  );
  dom.flow.addEventListener("click", (event) => press(view, event));
  dom.flow.addEventListener("keydown", (event) => rove(view, event));
  dom.drawing.box.addEventListener("pointerover", (event) =>
    lightUp(dom, event.target.closest("[data-node]")?.dataset.node),
  );
  dom.drawing.box.addEventListener("pointerleave", () => lightUp(dom, undefined));
}

// Open or close the flow. Opened by a key it takes the focus, and gives it back when it is closed.
export function toggleFlow(view, byKey) {
  const { dom } = view;
  const [open, focused] = [!view.cursor.flow, focusedOf(view)];
  const within = dom.flow.contains(focused);
  view.cursor = withFlow(view.cursor, open ? { node: null, part: null } : null);
  view.acts.paint(view);
  if (open) {
    fitFlow(view);
    dom.flowOpener = focused === dom.flowButton ? dom.flowButton : dom.root;
    dom.flow.scrollIntoView({ block: "nearest" });
  }
  if (open && byKey) dom.flow.focus({ preventScroll: true });
  if (!open && within) dom.flowOpener.focus({ preventScroll: true });
}

// One level back: from a part to the drawing, from a line to none, from the flow to the stage. Whether there was
// anything to go back from.
export function goBack(view) {
  const { flow } = view.cursor;
  if (!flow) return false;
  if (!flow.part && !flow.node) {
    toggleFlow(view, true);
    return true;
  }
  const within = view.dom.flow.contains(focusedOf(view));
  view.cursor = withFlow(view.cursor, flow.part ? { ...flow, part: null } : { node: null, part: null });
  view.acts.paint(view);
  if (within) (buttonOf(view, flow.node) ?? buttonOf(view, flow.part) ?? view.dom.root).focus({ preventScroll: true });
  return true;
}

const focusedOf = ({ dom }) => dom.root.getRootNode().activeElement;
const stopsOf = (view) => [
  // a projected flow has no chain
  ...view.dom.flow.querySelectorAll(isProjected(view) ? ".flowNodes button" : ".flowChain button, .flowNodes button"),
];
const buttonOf = ({ dom }, name) =>
  name && dom.flow.querySelector(`button[data-node="${name}"], button[data-part="${name}"]`);

// A click on a part opens it; on a node or a ribbon it shows the line, and a second one opens the part.
function press(view, event) {
  const { node, part } = event.target.closest("[data-node], [data-part]")?.dataset ?? {};
  const { flow } = view.cursor;
  if (part) return openPart(view, part, flow.node);
  if (!node) return undefined;
  const own = flow.node === node && partOf(aboutOf(view, traceOf(view).steps[shownStep(view)]), node);
  if (own) return openPart(view, own, node);
  view.cursor = withFlow(view.cursor, { node, part: null });
  return view.acts.paint(view);
}

function openPart(view, part, node) {
  const { dom } = view;
  const [x, y] = placeOf(dom.drawing, node ?? "c");
  dom.flowDetail.style.transformOrigin = `${x}px ${y}px`; // it grows out of what was pressed
  view.cursor = withFlow(view.cursor, { node, part });
  view.acts.paint(view);
  dom.flowBack.focus({ preventScroll: true });
}

// Up and down go through the parts and nodes, from the flow itself down to the first; left and right belong to the
// steps.
function rove(view, event) {
  const all = stopsOf(view);
  const at = all.indexOf(event.target.closest("button"));
  const to = { ArrowUp: at - 1, ArrowDown: at + 1 }[event.key];
  if ((at < 0 && event.target !== view.dom.flow) || to === undefined || event.ctrlKey || event.metaKey || event.altKey)
    return;
  event.preventDefault();
  if (!all[to]) return;
  setStop(all, all[to]);
  all[to].focus({ preventScroll: true });
}

// Of the buttons one is reached by Tab.
function setStop(all, stop) {
  for (const node of all) node.tabIndex = node === stop ? 0 : -1;
}

function lightUp({ drawing }, id) {
  for (const path of drawing.paths.values()) path.classList.toggle("lit", id !== undefined && path.dataset.node === id);
}

function aboutOf(view, step) {
  const trace = traceOf(view);
  return aboutStep(view, bare(trace), bare(step), spokenWord(step, trace.mode));
}

export function paintFlow(view, step) {
  const { cursor, dom } = view;
  const open = Boolean(cursor.flow);
  dom.flow.hidden = !open;
  dom.root.classList.toggle("flowing", open);
  dom.flowButton.setAttribute("aria-pressed", open);
  if (!open || !step) return;
  const about = aboutOf(view, step);
  const room = roomOf(dom.drawing);
  const graph = flowGraph(about.trace, about.step, room.most);
  const part = FLOW_PARTS[cursor.flow.part]?.has(about) ? cursor.flow.part : null;
  dom.flow.classList.toggle("opened", Boolean(part));
  dom.flowSaid.textContent = stepSentence(view, shownStep(view));
  paintChain(view, about, part);
  drawGraph(dom.drawing, graph, placeFlow(graph, room), room, () =>
    el("li", {}, el("button", { type: "button", tabindex: "-1" })),
  );
  paintNodes(view, about, graph);
  paintLine(view, about, graph);
  const reading = dom.flowDetail.contains(focusedOf(view)); // a table that is replaced had the focus
  dom.flowDetail.replaceChildren(...(part ? FLOW_PARTS[part].open(about) : []));
  if (reading) (part ? dom.flowBack : dom.flow).focus({ preventScroll: true });
  dom.flowNote.textContent = joined(...notes(about, graph));
  const all = stopsOf(view);
  if (all.filter(({ tabIndex }) => tabIndex === 0).length !== 1) setStop(all, all[0]);
}

// The chain of parts, each with its line.
function paintChain({ dom }, about, open) {
  const names = Object.keys(FLOW_PARTS).filter((name) => FLOW_PARTS[name].has(about));
  const { flowChain } = dom;
  if (flowChain.dataset.names !== names.join()) {
    flowChain.dataset.names = names.join();
    const line = (name) => [el("b", { text: about.strings[`flow_${name}`] }), el("span", { class: "partLine" })];
    const part = (name) => el("button", { type: "button", "data-part": name, tabindex: "-1" }, ...line(name));
    flowChain.replaceChildren(...names.map((name) => el("li", {}, part(name))));
  }
  names.forEach((name, i) => {
    const part = flowChain.children[i].firstChild;
    part.setAttribute("aria-expanded", name === open);
    part.lastChild.replaceChildren(...FLOW_PARTS[name].line(about));
  });
}

const VECTORS = { c: "flow_summed", h: "flow_mixed", z: "flow_scored", copy: "flow_copied" };

// What a node shows: a source word with its weight, a word with its probability, or the symbol of a vector and its
// name.
function nodeContent({ strings, trace }, node, model, shown) {
  const { attention } = trace.checkpoint;
  const vector = (symbol, name) => [el("i", { text: symbol }), el("small", { text: strings[name] })];
  const many = (text) => el("span", { class: "many", text });
  const number = (text) => el("span", { class: "share", text });
  switch (node.id.replace(/\d+$/, "")) {
    case "s":
      return [label(node.token), number(decimals(node.share, 2))];
    case "others":
      return [many(fill(strings.others, { count: node.count })), number(decimals(node.share, 2))];
    case "w":
      return [label(node.token), ...marks(strings, node), number(node.p === undefined ? "" : percent(node.p))];
    case "rest":
      return [many(restLabel(model, shown)), number(percent(node.share))];
    case "last":
      return [strings.flow_last];
    case "gate":
      return [el("i", { text: "1 − p" }), el("small", { text: "gen" })];
    case "state":
      return vector(["additive", "none"].includes(attention) ? "s" : "h", "flow_decoder");
    default:
      return vector({ h: attention === "cross" ? "h" : "h̃", copy: "α" }[node.id] ?? node.id, VECTORS[node.id]);
  }
}

const marks = (strings, { chosen, gold }) => [
  ...(chosen ? [el("b", { class: "chosen", text: "●", title: strings.chosen })] : []),
  ...(gold ? [el("b", { class: "gold", text: "★", title: strings.reference_word })] : []),
];

function paintNodes({ model, cursor, dom }, about, graph) {
  const shown = graph.nodes.filter(({ id }) => /^w\d/.test(id)).length;
  for (const node of graph.nodes) {
    const item = dom.drawing.items.get(node.id);
    item.className = node.column === SOURCE ? "begin" : node.column === WORDS ? "end" : "middle";
    item.classList.toggle("unknown", about.trace.source.unknown.includes(node.s));
    const own = item.firstChild;
    own.dataset.node = node.id;
    own.setAttribute("aria-expanded", cursor.flow.node === node.id);
    own.replaceChildren(...nodeContent(about, node, model, shown));
    own.title = [...own.childNodes].map((part) => part.textContent).join(" ");
  }
  for (const path of dom.drawing.paths.values())
    path.classList.toggle("chosen", path.dataset.node === cursor.flow.node);
}

// The line of the chosen node, which may be gone at this step.
function paintLine({ cursor, dom }, about, graph) {
  const node = graph.nodes.find(({ id }) => id === cursor.flow.node);
  const own = node && partOf(about, node.id);
  const [title, text] = [about.strings.flow_zoom_help, `${about.strings[`flow_${own}`]} ▸`];
  const zoom = own && el("button", { type: "button", class: "flowZoom", "data-part": own, title, text });
  const line = node ? [el("span", {}, ...nodeLine(about, node)), ...(zoom ? [zoom] : [])] : [about.strings.flow_keys];
  dom.flowLine.replaceChildren(...line);
}
