// The way to Python and back, a component of its own: what is asked reruns this alone, and what is answered travels
// without the lanes. The player, another module, meets it at ``globalThis.lookbackWire``.

export default function mount({ data, setStateValue, parentElement }) {
  const wire = (globalThis.lookbackWire ??= {});
  Object.assign(wire, { told: data, owner: parentElement, send: (request) => setStateValue("request", request) });
  wire.heard?.();
  return () => {
    if (wire.owner === parentElement) Object.assign(wire, { told: null, send: null, owner: null });
  };
}
