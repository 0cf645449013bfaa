// Which row and which page of a table come next. Pure.

// The id ``by`` rows after the open one in the order of the page's ``ids``, with the ids before and after the page
// (null where there are none). While no row is open, or one that is not on the page: the page's first row, or its last
// one going back. Null or undefined where the order ends.
export function nextId(ids, before, after, open, by) {
  const order = [before, ...ids, after];
  const at = open === null ? -1 : order.indexOf(open);
  return at < 0 ? order[by > 0 ? 1 : order.length - 2] : order[at + by];
}

// The first row of each page that a button turns to.
export function pageStarts({ start, count, total }) {
  return { first: 0, back: start - count, next: start + count, last: Math.floor((total - 1) / count) * count };
}
