// What our scripts touch of a browser as they load.
globalThis.addEventListener ??= () => {};
