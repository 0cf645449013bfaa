// Requests to Python, one at a time: the next one leaves when the last is answered, so none overwrites another.

const PATIENCE = 15_000; // milliseconds, then whoever asked hears that no answer came

// Ask Python; ``then`` gets the answer, {seq, kind, …} or {error: a sentence}. With ``latest`` it takes the place of
// requests of its kind that have not left yet: of a drag only the newest place matters.
function ask(view, kind, payload, then, { latest = false } = {}) {
  if (latest) view.queue = view.queue.filter((request) => request.kind !== kind);
  view.queue.push({ kind, payload, then });
  sendNext(view);
}

function sendNext(view) {
  if (view.waiting || !view.queue.length) return;
  const { kind, payload, then } = view.queue.shift();
  const seq = (view.seq += 1);
  const timer = setTimeout(() => settle(view, { seq, kind, error: view.strings.no_answer }), PATIENCE);
  view.waiting = { seq, then, timer };
  view.setStateValue("request", { ...payload, seq, kind, page: view.page });
}

function settle(view, answer) {
  const { then, timer } = view.waiting;
  clearTimeout(timer);
  view.waiting = null;
  if (view.root.isConnected && !answer.stale) then(answer);
  sendNext(view);
}

// What came with the data: the page that requests are about, the last request that was handled, its answer.
function hear(view, asking) {
  if (!asking) return;
  if (view.page !== asking.page) view.queue = [];
  view.page = asking.page;
  view.seq = Math.max(view.seq, asking.seq);
  if (!view.waiting || asking.seq < view.waiting.seq) return;
  settle(view, asking.answer?.seq === view.waiting.seq ? asking.answer : { stale: true });
}

function forget(view) {
  clearTimeout(view.waiting?.timer);
  view.waiting = null;
  view.queue = [];
}
