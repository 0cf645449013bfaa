// Where a reader was in components that are not on the page any more, by the name of what they showed, until the page
// is left.

const KEPT = 30; // places; the oldest are dropped
const PLACES = (globalThis.lookbackPlaces ??= new Map());

export const placeIn = (name) => PLACES.get(name) ?? null;

export function keepPlace(name, place) {
  PLACES.delete(name);
  PLACES.set(name, place);
  if (PLACES.size > KEPT) PLACES.delete(PLACES.keys().next().value);
}
