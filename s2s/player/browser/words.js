// Subwords as words: pieces of the source put together, their weights summed. A step stays a step, as each piece that is
// said is decided on its own; and what is edited, explained, worked out or taken away as data are the pieces.

export const rolled = (view) => Boolean(view.words) && !view.inPieces;
export const bare = (traceOrStep) => traceOrStep.pieces ?? traceOrStep; // as the model read it
export const sum = (values) => values.reduce((a, b) => a + b, 0);

// From where to where a source word on screen goes, in pieces.
export const spanOf = (view, s) => (rolled(view) ? view.words.spans[s] : [s, s + 1]);

// Whether a piece belongs to the source word that is marked.
export const inColumn = (view, piece) => {
  if (view.column === null) return false;
  const [from, to] = spanOf(view, view.column);
  return from <= piece && piece < to;
};

// A row of pieces' weights as it is on screen; a model without attention has an empty one.
export const shownRow = (view, row) => (rolled(view) && row?.length ? view.words.spans.map(([from, to]) => sum(row.slice(from, to))) : row);

// A lane as it is on screen; what it is made of stays in ``pieces``.
export function putTogether(view, lane) {
  if (!lane || !rolled(view)) return lane;
  const { source } = lane;
  const unknown = new Set(source.unknown);
  const steps = lane.steps.map((step) => {
    const own = step.own_attention && { own_attention: shownRow(view, step.own_attention) };
    return { ...step, attention: shownRow(view, step.attention), ...own, pieces: step };
  });
  const { spans, labels } = view.words;
  const places = spans.flatMap(([from, to], s) => (Array.from({ length: to - from }, (_, i) => from + i).some((i) => unknown.has(i)) ? [s] : []));
  return { ...lane, source: { ...source, tokens: labels, unknown: places }, steps, pieces: lane };
}

// What Python says, where it is news: the switch in the charts was turned.
export function hearPieces(view, pieces) {
  const news = view.toldPieces !== pieces;
  view.toldPieces = pieces;
  return news && view.inPieces !== pieces;
}
