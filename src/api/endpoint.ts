// What one endpoint takes and answers, as data: the schemas that check its requests, and those that
// its replies are held to. The OpenAPI document and `korun schema` are made of it, and nothing of
// it is loaded before somebody asks for one of them.

import type * as v from "valibot";

export interface Endpoint {
  /** Unique, in camel case. */
  readonly name: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** As the router has it, such as `/v1/sessions/{id}`. */
  readonly path: string;
  /** One short sentence. */
  readonly about: string;
  /** What else there is to say, if anything. */
  readonly details?: string;
  readonly query: v.StrictObjectSchema<v.ObjectEntries, undefined>;
  /** Absent: it takes no body. */
  readonly body?: RequestBody;
  readonly headers?: readonly RequestHeader[];
  readonly answers: readonly Answer[];
  /** Why it may be refused, beside what may befall every request. */
  readonly refusals?: Readonly<Partial<Record<RefusalStatus, string>>>;
}

export interface RequestBody {
  readonly schema: v.GenericSchema;
  readonly required: boolean;
}

export interface RequestHeader {
  readonly name: string;
  readonly about: string;
  /** What it must match, if that is checked. */
  readonly pattern?: RegExp;
}

/** Statuses of errors that only some endpoints have. */
export type RefusalStatus = 403 | 404 | 409 | 503;

/** An answer that is no error. */
export interface Answer {
  readonly status: number;
  readonly about: string;
  /** None: it has no body. */
  readonly content: readonly Content[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** One form of an answer's body. */
export interface Content {
  /** The media type, without parameters. */
  readonly type: string;
  readonly about?: string;
  /** Of the whole body; without one, the body is text. */
  readonly schema?: v.GenericSchema;
  /** Of each JSON value in a body that is text: a line, or the data of an event. */
  readonly item?: v.GenericSchema;
}

/** A JSON body of this schema. */
export function json(schema: v.GenericSchema): Content {
  return { type: "application/json", schema };
}

/** 200, with a JSON body of this schema. */
export function ok(schema: v.GenericSchema, about: string): Answer {
  return { status: 200, about, content: [json(schema)] };
}
