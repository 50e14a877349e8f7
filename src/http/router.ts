// Which handler answers a request: a table of path patterns and methods. A pattern is matched
// segment by segment, `{id}` takes any one segment that is not empty, and a trailing slash makes
// another path: `/v1/sessions/$ID` with an unset variable must not mean the list.

import { Problem } from "../domain/problem.ts";
import { brief } from "./brief.ts";
import type { Exchange } from "./exchange.ts";

export type Method = "GET" | "POST" | "DELETE";
export type Handler = (exchange: Exchange) => Response | Promise<Response>;

/** Path patterns, and what each of their methods does. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<Method, Handler>>>>>;

/** A handler, and what `{id}` stood for. */
export interface Match {
  readonly handler: Handler;
  /** Empty where the pattern has no `{id}`. */
  readonly reference: string;
}

export class Router {
  readonly #routes: readonly { segments: readonly string[]; methods: Routes[string] }[];

  constructor(routes: Routes) {
    this.#routes = Object.entries(routes).map(([pattern, methods]) => ({
      segments: pattern.split("/"),
      methods,
    }));
  }

  /**
   * Finds who answers `method` on `path`, HEAD like GET.
   * Throws Problems `not_found`, `method_not_allowed` with the methods there are, and
   * `bad_request` for an id that is not valid percent-encoding.
   */
  match(method: string, path: string): Match {
    const segments = path.split("/");
    const route = this.#routes.find((candidate) => fits(candidate.segments, segments));
    if (route === undefined) throw this.#unknown(path, segments);
    const handler = handlerOf(route.methods, method);
    if (handler === undefined) {
      const allow = allowed(route.methods);
      throw new Problem(
        "method_not_allowed",
        `${brief(method)} is not possible on ${brief(path)}: it takes ${allow.join(", ")}`,
        { allow },
      );
    }
    return { handler, reference: decode(segments[route.segments.indexOf("{id}")] ?? "") };
  }

  #unknown(path: string, segments: readonly string[]): Problem {
    // No path of ours has such a part: it fits nothing but an id.
    const named = segments.map((segment, place) => (place > 0 && segment === "" ? "x" : segment));
    const isUnset =
      named.join("/") !== path && this.#routes.some((route) => fits(route.segments, named));
    return new Problem("not_found", `No such path: ${brief(path)}`, {
      hint: isUnset ? LISTED : undefined,
    });
  }
}

/** As a path is that was put together with a variable that is not set. */
const LISTED = "Is a variable unset? GET /v1/sessions lists the sessions.";

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, index) => {
    const segment = segments[index];
    return part === "{id}" ? segment !== "" : part === segment;
  });
}

function handlerOf(methods: Routes[string], method: string): Handler | undefined {
  switch (method) {
    case "HEAD":
      return methods.GET;
    case "GET":
    case "POST":
    case "DELETE":
      return methods[method];
    default:
      return undefined;
  }
}

function allowed(methods: Routes[string]): string[] {
  return Object.keys(methods).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new Problem("bad_request", `The path has a broken percent-encoding: ${brief(segment)}`, {
      expected: "percent-encoded UTF-8",
      cause,
    });
  }
}
