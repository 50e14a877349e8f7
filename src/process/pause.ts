// A pause that can be cut short.

/** Resolves after `ms`, or as soon as `abort` is aborted; it never rejects. */
export function pause(ms: number, abort?: AbortSignal): Promise<void> {
  if (abort?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(wake, ms);
    abort?.addEventListener("abort", wake, { once: true });
    function wake() {
      clearTimeout(timer);
      abort?.removeEventListener("abort", wake);
      resolve();
    }
  });
}
