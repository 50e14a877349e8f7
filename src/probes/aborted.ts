// For looks at what cannot be called off: they are no longer waited for.

import { type Sight, unmet } from "./probe.ts";

/** What a look saw, or `reason` as soon as the signal is aborted. */
export async function untilAborted(
  signal: AbortSignal,
  { look, reason }: { readonly look: Promise<Sight>; readonly reason: () => string },
): Promise<Sight> {
  const over = Promise.withResolvers<Sight>();
  const end = () => over.resolve(unmet(reason()));
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    return await Promise.race([look, over.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
