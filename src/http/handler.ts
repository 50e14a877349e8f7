// The way of a request: guard, route, answer. Whatever is thrown on the way becomes the error
// envelope, so nothing a client sends gets an answer that is not ours.

import { VERSION_HEADER } from "../api/paths.ts";
import { Problem } from "../domain/problem.ts";
import { ClientGone, type Connection, Exchange } from "./exchange.ts";
import { type Entrance, guard } from "./guard.ts";
import { failure, isLong } from "./reply.ts";
import type { Router } from "./router.ts";
import type { Visitors } from "./visitors.ts";

/** What all requests share. */
export interface HandlerOptions {
  readonly router: Router;
  readonly version: string;
  /** Told of what is thrown and is no Problem: a defect of korun. */
  readonly onDefect: (thrown: unknown) => void;
  /** Told of each request, before it is looked at. */
  readonly onRequest?: (() => void) | undefined;
  /** Who is being served, if anybody wants to know. */
  readonly visitors?: Visitors | undefined;
}

export type RequestHandler = (
  request: Request,
  at: Connection & { readonly entrance: Entrance },
) => Promise<Response>;

export function createHandler({
  router,
  version,
  onDefect,
  onRequest,
  visitors,
}: HandlerOptions): RequestHandler {
  return async (request, at) => {
    onRequest?.();
    const response = await answer(request, at).catch((thrown: unknown) => {
      // Nobody reads this answer; and what a leaving client interrupts is no defect.
      if (thrown instanceof ClientGone || request.signal.aborted) return new Response(null);
      if (!(thrown instanceof Problem)) onDefect(thrown);
      return failure(thrown);
    });
    response.headers.set(VERSION_HEADER, version);
    return response;
  };

  async function answer(request: Request, at: Connection & { entrance: Entrance }) {
    guard(request, at.entrance);
    const { path, query } = targetOf(request.url);
    const { handler, reference } = router.match(request.method, path);
    const visit = visitors?.enter();
    try {
      const exchange = new Exchange(request, { ...at, reference, query, version, visit });
      const response = await handler(exchange);
      // A pager takes it as slowly as it is read. A connection that is kept and idle ends: while there
      // are any, Bun looks at them every few seconds.
      if (isLong(response)) exchange.allowSilence();
      return response;
    } finally {
      visit?.answered();
    }
  }
}

/**
 * Path and query as the client sent them. `URL` would throw on some: without a usable Host, Bun
 * gives the bare target of the request line.
 */
function targetOf(url: string): { path: string; query: string } {
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return { path: "", query: "" };
  const [target = ""] = url.slice(start).split("#", 1);
  const mark = target.indexOf("?");
  if (mark < 0) return { path: target, query: "" };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
