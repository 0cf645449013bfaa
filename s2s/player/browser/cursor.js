// The cursor of a player: where it stands in its model. A cursor is never changed; the functions here make another one.
// Its fields:
//   lane, step    what is selected; in a guessing game ``step`` may be the first hidden one
//   hover         the step under the pointer, or null
//   pointed       the source word under the pointer, or null
//   locked        the source word that was clicked, or null
//   edit          edited attention of the step, {lane, step, own, row, text, top}, or null (edit.js)
//   drag          the weight being dragged, {s, y, from}, or null
//   flow          the flow of the step, {node, part}, or null while it is closed (flow.js)
//   game          the guessing game, {known, guess, given, hint}, or null (game.js)
//   speed         of playing, as a multiple
// A ``view`` is any object with a model and a cursor.

export const START = {
  lane: null,
  step: 0,
  hover: null,
  pointed: null,
  locked: null,
  edit: null,
  drag: null,
  flow: null,
  game: null,
  speed: 1,
};

const within = (step, last) => Math.max(0, Math.min(step, last));

// What is derived of a model and a cursor.
export const traceOf = ({ model, cursor }) => model.lanes[cursor.lane];
export const columnOf = ({ pointed, locked }) => pointed ?? locked; // the source word that is marked, or null
export const isFinished = ({ model, cursor }) => cursor.game.known === model.whole.steps.length;
export const isAsking = (view) =>
  Boolean(view.cursor.game) && view.cursor.step === view.cursor.game.known && !isFinished(view);
export const lastStep = (view) => traceOf(view).steps.length - (view.cursor.game && !isFinished(view) ? 0 : 1);

// The step that is painted: the one under the pointer, otherwise the selected one.
export function shownStep(view) {
  const { hover, step } = view.cursor;
  return isAsking(view) ? step : Math.min(hover ?? step, traceOf(view).steps.length - 1);
}

// The next lane that has steps, in the order of the rows.
export function nextLane({ model, cursor }) {
  const names = model.order.map(([name]) => name).filter((name) => model.lanes[name]);
  return names[(names.indexOf(cursor.lane) + 1) % names.length];
}

// Go to a lane and a step if they exist, otherwise to the nearest that do; an Infinity is the last step.
export function moveTo(view, { step = view.cursor.step, lane = view.cursor.lane }) {
  const cursor = { ...view.cursor, lane: view.model.lanes[lane] ? lane : view.cursor.lane };
  return { ...cursor, step: within(step, lastStep({ model: view.model, cursor })), hover: null };
}

// The cursor in another model: at the lane and the step if it has them.
export function settleAt({ model, cursor }, { lane, step }) {
  const known = model.lanes[lane] ? lane : model.lanes.free ? "free" : "forced";
  return { ...cursor, lane: known, step: within(step, model.lanes[known].steps.length - 1) };
}

export const pointAt = (cursor, hover, pointed) => ({ ...cursor, hover, pointed });
export const withFlow = (cursor, flow) => ({ ...cursor, flow });
export const clearMarks = (cursor) => ({ ...cursor, hover: null, pointed: null, locked: null });

// Mark a source word for good; a second time takes the mark away, unless ``always``.
export function lockColumn(cursor, column, always = false) {
  return { ...cursor, locked: cursor.locked === column && !always ? null : column, pointed: null };
}

// Begin to edit the weights of the selected step, as the model read it; ``column`` is marked if no source word is.
export function startEdit(cursor, { attention, own_attention }, column) {
  const { lane, step, pointed, locked } = cursor;
  const edit = { lane, step, own: own_attention ?? attention, row: [...attention], text: null, top: null };
  return { ...cursor, edit, hover: null, pointed: locked === null ? null : pointed, locked: locked ?? column };
}

export const changeEdit = (cursor, change) => ({ ...cursor, edit: { ...cursor.edit, ...change } });
export const changeGame = (cursor, change) => ({ ...cursor, game: { ...cursor.game, ...change } });

// Whether the edited weights are of another step than the selected one.
export const hasLeftEdit = ({ edit, lane, step }) => edit !== null && (edit.lane !== lane || edit.step !== step);
