// Requests to Python, one at a time: the next request leaves when the last one is answered, so that none overwrites
// another. A request without an answer is sent again; a request that Python passed over is queued again.
//
// A channel is an object with ``page`` (the identifier of what is on screen; null without Python), ``root`` (the node
// on screen), ``strings``, and the state of its requests: ``queue``, ``waiting`` and ``seq``. A channel without a
// ``wire`` of its own uses the page's (wire.js). ``here`` is a channel beside it, whose requests the model in the
// browser answers (local_answers.js).

export const WIRE = (globalThis.lookbackWire ??= {}); // wire.js sets told and send, the mounted player sets heard
const AGAIN = 5_000; // milliseconds without an answer until the request is sent once more; Python answers it once
const PATIENCE = 30_000; // milliseconds until a request without an answer fails
const PASSED = 3; // times that a request may be passed over

export function openChannel() {
  return { page: null, root: null, strings: null, queue: [], waiting: null, seq: 0, here: null };
}

const wireOf = (channel) => channel.wire ?? WIRE;

// The last message from Python, or null if it is about another page.
export function lastMessage(channel) {
  const { told } = wireOf(channel);
  if (!channel.page || told?.page !== channel.page) return null;
  return channel.here ? channel.here.amend(told) : told;
}

// Queue a request. ``then`` gets the answer, {seq, kind, …} or {error: a sentence}. A request with ``latest`` replaces
// requests of its kind that have not left yet: of a drag only the newest position counts.
export function ask(channel, kind, payload, then, { latest = false } = {}) {
  channel.here?.asked(kind);
  const to = channel.here?.takes(kind, payload) ? channel.here : channel;
  if (latest) to.queue = to.queue.filter((request) => request.kind !== kind);
  to.queue.push({ kind, payload, then, passed: 0 });
  sendNext(to);
}

// Whether a request that fulfils a condition is queued or still without an answer.
export const isAsked = ({ waiting, queue, here }, condition) =>
  [waiting, ...queue, here?.waiting, ...(here?.queue ?? [])].some((request) => request && condition(request));

// Whether the request with this callback can still be answered; the requests of an earlier page cannot.
export const isAwaited = (channel, then) => Boolean(then) && isAsked(channel, (request) => request.then === then);

export function sendNext(channel) {
  if (channel.waiting || !channel.queue.length || !lastMessage(channel)) return;
  const request = channel.queue.shift();
  const { kind, payload } = request;
  const seq = (channel.seq = Math.max(channel.seq, lastMessage(channel).seq) + 1);
  const began = performance.now();
  const has = channel.rows && [...channel.rows.keys()];
  const send = () => {
    const own = channel.here?.own(); // branches whose rows Python need not send
    wireOf(channel).send?.({ ...payload, seq, kind, page: channel.page, has, ...(own ? { own } : {}) });
  };
  const timer = setInterval(() => {
    if (performance.now() - began > PATIENCE) settle(channel, { seq, kind, error: channel.strings.no_answer });
    else send();
  }, AGAIN);
  channel.waiting = { ...request, seq, timer, page: channel.page };
  send();
}

function settle(channel, answer) {
  const { then, timer } = channel.waiting;
  clearInterval(timer);
  channel.waiting = null;
  try {
    if (channel.root.isConnected && answer) then(answer);
  } finally {
    sendNext(channel); // also after an error in ``then``
  }
}

// Read the last message from Python: the number of the last request that it handled, and the answer.
export function readAnswer(channel) {
  const { seq, answer } = lastMessage(channel);
  const { waiting } = channel;
  channel.seq = Math.max(channel.seq, seq);
  if (!waiting || seq < waiting.seq) return;
  const here = waiting.page === channel.page;
  if (here && answer?.seq === waiting.seq && !answer.stale) return settle(channel, answer);
  if (here && answer?.seq !== waiting.seq && waiting.passed < PASSED)
    channel.queue.unshift({ ...waiting, passed: waiting.passed + 1 });
  settle(channel, null);
}

// For a component that is its own channel: messages come with its data, and a request reruns the component itself.
export function hearOwn(channel, asking, setStateValue) {
  if (!asking) return;
  if (channel.page !== asking.page) channel.queue = [];
  channel.page = asking.page;
  channel.wire = { told: asking, send: (request) => setStateValue("request", request) };
  readAnswer(channel);
  sendNext(channel);
}

export function forget(channel) {
  clearInterval(channel.waiting?.timer);
  channel.waiting = null;
  channel.queue = [];
  if (channel.here) forget(channel.here);
}

// Have another channel ask what one still waits for.
export function handOver(from, to) {
  to.queue.push(...[from.waiting, ...from.queue].filter(Boolean));
  forget(from);
  sendNext(to);
}
