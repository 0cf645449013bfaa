// Subwords as words: pieces of the source put together, their weights summed. A step stays a step, because each piece
// of the output is decided on its own. Editing, explanations, the arithmetic and downloads are about the pieces.

export const rolled = ({ words, inPieces }) => Boolean(words) && !inPieces;
export const bare = (traceOrStep) => traceOrStep.pieces ?? traceOrStep; // as the model read it
export const sum = (values) => values.reduce((a, b) => a + b, 0);

// The range of pieces [from, to) of a source word on screen.
export const spanOf = (model, s) => (rolled(model) ? model.words.spans[s] : [s, s + 1]);

// Whether a piece belongs to the source word ``column``, which may be null.
export const inColumn = (model, column, piece) => {
  if (column === null) return false;
  const [from, to] = spanOf(model, column);
  return from <= piece && piece < to;
};

// A row of pieces' weights as it is on screen; a model without attention has an empty one.
export const shownRow = (model, row) =>
  rolled(model) && row?.length ? model.words.spans.map(([from, to]) => sum(row.slice(from, to))) : row;

// A lane as it is on screen; ``pieces`` of the lane and of its steps keep what it was made of.
export function putTogether(model, lane) {
  if (!lane || !rolled(model)) return lane;
  const { source } = lane;
  const unknown = new Set(source.unknown);
  const steps = lane.steps.map((step) => {
    const own = step.own_attention && { own_attention: shownRow(model, step.own_attention) };
    return { ...step, attention: shownRow(model, step.attention), ...own, pieces: step };
  });
  const { spans, labels } = model.words;
  const places = spans.flatMap(([from, to], s) =>
    Array.from({ length: to - from }, (_, i) => from + i).some((i) => unknown.has(i)) ? [s] : [],
  );
  return { ...lane, source: { ...source, tokens: labels, unknown: places }, steps, pieces: lane };
}
