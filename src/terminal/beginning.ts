// Where to begin reading what a terminal was sent, when its beginning is gone.

const ESC = 0x1b;
const NEWLINE = 0x0a;

/** How many bytes to pass over: up to the first sequence or line that surely begins there. */
export function beginningIn(bytes: Uint8Array): number {
  const at = bytes.findIndex((byte) => byte === ESC || byte === NEWLINE);
  return at < 0 ? 0 : at;
}
