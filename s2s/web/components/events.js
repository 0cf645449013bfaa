// Listeners of the components.

// A listener whose error is written to the console under the component's name, so that the page goes on.
export const guarded = (component, action) => (event) => {
  try {
    action(event);
  } catch (error) {
    console.error(`lookback ${component}`, error);
  }
};

// The number in the attribute ``data-NAME`` of the event's target or the nearest element around it; null without one.
export function numberAt(event, name) {
  const value = event.target.closest(`[data-${name}]`)?.dataset[name];
  return value === undefined ? null : Number(value);
}
