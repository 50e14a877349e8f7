// The validator that tests hold JSON Schemas to, which is not the one that made them.

import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

/** One that knows the formats, and keywords of OpenAPI. */
export function createValidator(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  return ajv;
}
