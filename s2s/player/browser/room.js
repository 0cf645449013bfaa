// The room that a part of the page has, and boxes that fade at the edges where they go on.

export const clamp = (size, least, most) => Math.max(least, Math.min(size, most));

// Whether the page shows the stage alone, enlarged.
export const isProjected = ({ dom }) => dom.root.parentElement?.classList.contains("projected") ?? false;

// How far down the page a node begins, in pixels, wherever the page is scrolled to.
function pageTop(node) {
  let top = node.getBoundingClientRect().top;
  for (let at = node; at; at = at.assignedSlot ?? at.parentElement ?? at.getRootNode().host) {
    if (at !== node) top += at.scrollTop ?? 0;
  }
  return top;
}

// How many of the window's pixels one of a node's own has: the projector mode enlarges them.
export const zoomOf = (node) => node.getBoundingClientRect().width / node.offsetWidth || 1;

// The height from a node's top to the window's end, in the node's own pixels.
export const heightBelow = (node) => (innerHeight - pageTop(node)) / zoomOf(node);

// Fade a box at the edges where it goes on. ``left``: also at the left one, where no column stays in sight.
function markEdges(box, left) {
  const goesOn = {
    "more-left": left && box.scrollLeft > 2,
    "more-right": box.scrollWidth - box.clientWidth - box.scrollLeft > 2,
    "more-below": box.scrollHeight - box.clientHeight - box.scrollTop > 2,
  };
  for (const [name, on] of Object.entries(goesOn)) box.classList.toggle(name, on);
}

// Fade boxes now, while they are scrolled and when their size or their first child's changes. Returns a function that
// marks them again and one that ends this. ``left``: the boxes in which no column stays in sight at the left edge.
export function fadeEdges(boxes, { left = [] } = {}) {
  const markBox = (box) => markEdges(box, left.includes(box));
  const mark = () => boxes.forEach(markBox);
  const observer = new ResizeObserver(mark);
  for (const box of boxes) {
    box.addEventListener("scroll", () => markBox(box), { passive: true });
    for (const node of [box, box.firstElementChild]) if (node) observer.observe(node);
  }
  return { mark, end: () => observer.disconnect() };
}
