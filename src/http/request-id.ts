// The name of a request that may come again.

import { isRequestId, REQUEST_HEADER } from "../api/request-id.ts";
import { Problem } from "../domain/problem.ts";
import { quote } from "./query.ts";

/** What its client calls a request; undefined when it has no name. Throws `bad_request`. */
export function requestIdOf({ headers }: Request): string | undefined {
  const name = headers.get(REQUEST_HEADER);
  if (name === null || isRequestId(name)) return name ?? undefined;
  throw new Problem("bad_request", `${REQUEST_HEADER} is ${quote(name)}; wanted a UUID`, {
    field: REQUEST_HEADER,
    expected: "a UUID in lower case",
  });
}
