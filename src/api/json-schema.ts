// Our valibot schemas as JSON Schema (draft 2020-12). What is sent is described as it is sent,
// before it is read. In what is answered a later version may add fields, so nobody is to rely on
// there being no others: only a schema that is checked has words for what is wrong.

import { type JsonSchema, type OverrideSchemaContext, toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { namedSchemas } from "./endpoints/schemas.ts";

const REFERENCE = /"\$ref":"[^"]*\/(\w+)"/g;

/** As it stands in a document. */
export type Json = JsonSchema;

export class SchemaWriter {
  readonly #path: string;
  readonly #schemas = namedSchemas();
  readonly #names: ReadonlyMap<unknown, string>;

  /** `path` is where the document has its named schemas, such as `#/$defs/`. */
  constructor(path: string) {
    this.#path = path;
    this.#names = new Map(Object.entries(this.#schemas).map(([name, schema]) => [schema, name]));
  }

  /** A schema, with references to those that have a name. */
  write(schema: v.GenericSchema): Json {
    return this.#convert(schema, undefined);
  }

  /** All schemas that have a name, by it. */
  named(): Readonly<Record<string, Json>> {
    const written = Object.entries(this.#schemas).map(([name, schema]): [string, Json] => {
      return [name, this.#convert(schema, schema)];
    });
    return Object.fromEntries(written);
  }

  /** A schema in a document of its own, with all that it refers to; `path` must be `#/$defs/`. */
  standalone(schema: v.GenericSchema): Json {
    const title = this.#names.get(schema);
    const written = this.#convert(schema, schema);
    const definitions: Record<string, Json> = {};
    this.#collect(written, definitions);
    return {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      ...(title === undefined ? {} : { title }),
      ...written,
      ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
    };
  }

  /** What a written schema refers to, and that in turn. */
  #collect(written: Json, into: Record<string, Json>): void {
    for (const [, name = ""] of JSON.stringify(written).matchAll(REFERENCE)) {
      const schema = this.#schemas[name];
      if (schema === undefined || name in into) continue;
      into[name] = this.#convert(schema, schema);
      this.#collect(into[name], into);
    }
  }

  /** `whole` is to be written out, though it has a name. */
  #convert(schema: v.GenericSchema, whole: v.GenericSchema | undefined): Json {
    const { $schema: _, ...written } = toJsonSchema(schema, {
      target: "draft-2020-12",
      typeMode: "input",
      // What they check is said by descriptions.
      ignoreActions: ["check", "finite", "raw_transform"],
      overrideSchema: (context) => this.#adjust(context, whole),
    });
    return written;
  }

  #adjust({ valibotSchema, jsonSchema }: OverrideSchemaContext, whole: unknown): Json | undefined {
    const name = valibotSchema === whole ? undefined : this.#names.get(valibotSchema);
    if (name !== undefined) return { $ref: `${this.#path}${name}` };
    // What such a value is, its metadata says.
    if (valibotSchema.type === "custom") return jsonSchema;
    if (valibotSchema.type !== "strict_object") return undefined;
    if ("message" in valibotSchema && valibotSchema.message !== undefined) return undefined;
    const { additionalProperties: _, ...open } = jsonSchema;
    return open;
  }
}
