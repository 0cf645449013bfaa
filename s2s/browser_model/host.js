// The page's end of the worker that holds the model (worker.js).

import { UserError } from "./errors.js";

// Start the worker whose script is at ``url``. ``call(kind, payload, transfer)`` promises the answer, or rejects with
// UserError; ``stop()`` ends the worker, and every request that still waits.
export function startWorker(url) {
  const [worker, waiting] = [new Worker(url), new Map()];
  let [count, isOver] = [0, false]; // a worker that failed, or could not start, is asked no more

  function settle(id, { value, error }) {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new UserError(error.key, error.values));
    else resolve(value);
  }

  function fail() {
    isOver = true;
    for (const id of [...waiting.keys()]) settle(id, { error: { key: "browser_fault", values: {} } });
  }

  worker.addEventListener("message", ({ data: { id, ...answer } }) => waiting.has(id) && settle(id, answer));
  worker.addEventListener("error", fail);
  worker.addEventListener("messageerror", fail);
  return {
    call: (kind, payload = {}, transfer = []) =>
      new Promise((resolve, reject) => {
        const id = ++count;
        waiting.set(id, { resolve, reject });
        if (isOver) fail();
        else worker.postMessage({ id, kind, ...payload }, transfer);
      }),
    stop() {
      worker.terminate();
      fail();
    },
  };
}

// The worker of a script that a page holds as text.
export function startWorkerFrom(code) {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  return startWorker(url);
}
