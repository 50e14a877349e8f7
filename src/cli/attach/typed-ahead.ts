// Keys that are typed while nobody takes them: before the connection is there, and while the daemon
// is replaced by the next one.

/** As much as may wait; what is typed beyond it is gone, as on a terminal that nobody reads. */
const MOST_BYTES = 65_536;

export class TypedAhead {
  #keys: Uint8Array[] = [];
  #bytes = 0;

  add(keys: Uint8Array): void {
    if (this.#bytes + keys.length > MOST_BYTES) return;
    this.#keys.push(keys);
    this.#bytes += keys.length;
  }

  /** All of them, in their order; then there are none. */
  take(): readonly Uint8Array[] {
    const keys = this.#keys;
    this.#keys = [];
    this.#bytes = 0;
    return keys;
  }
}
