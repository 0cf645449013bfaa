// The room whose teacher this browser is, as teacher.js stores it.

export const STORED = "lookback-teaches";

export function storedRoom() {
  try {
    const room = JSON.parse(localStorage.getItem(STORED));
    return typeof room?.code === "string" && typeof room?.key === "string" ? room : null;
  } catch {
    return null;
  }
}
