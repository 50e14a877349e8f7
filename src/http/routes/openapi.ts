// GET /v1/openapi.json: the API's own description. What makes it is loaded by the first who asks.

import { OPENAPI } from "../../api/paths.ts";
import { NoQuery } from "../../api/queries.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

export function openApiRoutes(version: string): Routes {
  return {
    [OPENAPI]: {
      async GET({ query }) {
        readQuery(query, NoQuery);
        const { openApiDocument } = await import("../../api/openapi.ts");
        return json(openApiDocument(version));
      },
    },
  };
}
