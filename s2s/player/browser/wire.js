// The wire to Python, a component of its own: a request reruns this component alone, and an answer comes without the
// lanes. The player, another module, finds it as ``globalThis.lookbackWire`` (ask.js).

export default function mount({ data, setStateValue, parentElement }) {
  const wire = (globalThis.lookbackWire ??= {});
  Object.assign(wire, { told: data, owner: parentElement, send: (request) => setStateValue("request", request) });
  wire.heard?.();
  return () => {
    if (wire.owner === parentElement) Object.assign(wire, { told: null, send: null, owner: null });
  };
}
