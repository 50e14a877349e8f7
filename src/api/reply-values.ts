// The values that replies are made of, as schemas. What the daemon answers is not checked when it
// is sent: the schemas give the types, the OpenAPI document and what tests hold every answer to.

import * as v from "valibot";

/** What a reply is to those who read it: nothing of it is theirs to change. */
export type Reply<Schema extends v.GenericSchema> = Frozen<v.InferOutput<Schema>>;

type Frozen<T> = unknown extends T ? T : { readonly [Key in keyof T]: Frozen<T[Key]> };

/** A schema, and what its value is in a sentence or less. */
export function about<Schema extends v.GenericSchema>(schema: Schema, words: string) {
  return v.pipe(schema, v.description(words));
}

export const uuid = v.pipe(v.string(), v.uuid());

/** RFC 3339, UTC, milliseconds; like every time in the API. */
export const time = v.pipe(v.string(), v.isoTimestamp());

/** How many, or which number. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A number that counts from 1. */
export const ordinal = v.pipe(v.number(), v.integer(), v.minValue(1));

export const outputStream = v.picklist(["stdout", "stderr"]);

export const logStream = v.picklist(["blended", "stdout", "stderr"]);

export const sessionState = v.picklist(["starting", "running", "stopping", "exited", "failed"]);

export const maybe = {
  text: v.nullable(v.string()),
  count: v.nullable(count),
  ordinal: v.nullable(ordinal),
  integer: v.nullable(v.pipe(v.number(), v.integer())),
  time: v.nullable(time),
} as const;
