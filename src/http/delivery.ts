// An answer that does something once it has been taken: what a client never got is given again.

/**
 * A body of these bytes. `onTaken` is called when the connection has taken all of them, and never
 * when the client leaves before that.
 */
export function delivered(bytes: Uint8Array, onTaken: () => void): ReadableStream<Uint8Array> {
  let isSent = false;
  const source: Bun.UnderlyingSource<Uint8Array> = {
    // Asked for more only when the socket can take more.
    pull(controller) {
      if (!isSent && bytes.length > 0) {
        isSent = true;
        return controller.enqueue(bytes);
      }
      onTaken();
      controller.close();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
