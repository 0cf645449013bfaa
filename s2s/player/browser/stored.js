// What a reader chose, kept in this browser; where its storage is blocked, until the page is left.

const MEMORY = (globalThis.lookbackStored ??= {});

export function recall(name) {
  try {
    return localStorage.getItem(`lookback.${name}`) ?? MEMORY[name] ?? null;
  } catch {
    return MEMORY[name] ?? null; // the storage is blocked
  }
}

export function remember(name, value) {
  MEMORY[name] = value;
  try {
    localStorage.setItem(`lookback.${name}`, value);
  } catch {
    // the storage is blocked or full: the memory has it
  }
}
