// Requests to Python, one at a time: the next one leaves when the last is answered, so none overwrites another.
// None is lost: what stays without an answer is sent again, what was passed over is asked again.

export const WIRE = (globalThis.lookbackWire ??= {}); // told, send: ``wire.js`` sets them; heard: the player that is mounted
const AGAIN = 5_000; // milliseconds without an answer, then the request is sent once more; Python answers it once
const PATIENCE = 30_000; // milliseconds, then whoever asked hears that no answer came
const PASSED = 3; // times that a request may be passed over

const wireOf = (view) => view.wire ?? WIRE;

// What Python told last, if it is about what is on screen.
export const told = (view) => (view.page && wireOf(view).told?.page === view.page ? wireOf(view).told : null);

// Ask Python; ``then`` gets the answer, {seq, kind, …} or {error: a sentence}. With ``latest`` it takes the place of
// requests of its kind that have not left yet: of a drag only the newest place matters.
export function ask(view, kind, payload, then, { latest = false } = {}) {
  if (latest) view.queue = view.queue.filter((request) => request.kind !== kind);
  view.queue.push({ kind, payload, then, passed: 0 });
  sendNext(view);
}

export function sendNext(view) {
  if (view.waiting || !view.queue.length || !told(view)) return;
  const request = view.queue.shift();
  const { kind, payload } = request;
  const seq = (view.seq = Math.max(view.seq, told(view).seq) + 1);
  const began = performance.now();
  const has = view.rows && [...view.rows.keys()];
  const send = () => wireOf(view).send?.({ ...payload, seq, kind, page: view.page, has });
  const timer = setInterval(() => {
    if (performance.now() - began > PATIENCE) settle(view, { seq, kind, error: view.strings.no_answer });
    else send();
  }, AGAIN);
  view.waiting = { ...request, seq, timer, page: view.page };
  send();
}

function settle(view, answer) {
  const { then, timer } = view.waiting;
  clearInterval(timer);
  view.waiting = null;
  try {
    if (view.root.isConnected && answer) then(answer);
  } finally {
    sendNext(view); // whatever became of this one
  }
}

// What Python told, about what is on screen: the last request that was handled, and its answer.
export function hear(view) {
  const { seq, answer } = told(view);
  const { waiting } = view;
  view.seq = Math.max(view.seq, seq);
  if (!waiting || seq < waiting.seq) return;
  const here = waiting.page === view.page;
  if (here && answer?.seq === waiting.seq && !answer.stale) return settle(view, answer);
  if (here && answer?.seq !== waiting.seq && waiting.passed < PASSED) view.queue.unshift({ ...waiting, passed: waiting.passed + 1 });
  settle(view, null);
}

// A component that asks for itself: what it was told came with its data, and what it asks reruns it.
export function hearOwn(view, asking, setStateValue) {
  if (!asking) return;
  if (view.page !== asking.page) view.queue = [];
  view.page = asking.page;
  view.wire = { told: asking, send: (request) => setStateValue("request", request) };
  hear(view);
  sendNext(view);
}

export function forget(view) {
  clearInterval(view.waiting?.timer);
  view.waiting = null;
  view.queue = [];
}
