// What a page of one file holds as text: base64 of gzip.

// The bytes of a base64 text.
function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const [letters, part] = [atob(text), new Uint8Array((text.length / 4) * 3)];
  for (let i = 0; i < letters.length; i++) part[i] = letters.charCodeAt(i);
  return part.subarray(0, letters.length);
}

// A promise of the bytes that ``packed`` in pack.py wrote as ``text``.
export async function unpacked(text) {
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export const unpackedJson = async (text) => JSON.parse(new TextDecoder().decode(await unpacked(text)));
