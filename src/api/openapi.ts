// The API as an OpenAPI 3.1 document, made of what checks its requests and of what its replies are
// held to. It is made when somebody asks for it, and not kept.

import type { Answer, Content, Endpoint, RefusalStatus } from "./endpoint.ts";
import { ENDPOINTS } from "./endpoints/all.ts";
import { type Json, SchemaWriter } from "./json-schema.ts";
import { VERSION_HEADER } from "./paths.ts";

const ABOUT = `korun runs, watches, restarts and shows the processes you develop with.

Every answer has the header \`${VERSION_HEADER}\`, and \`HEAD\` works wherever \`GET\` does. An unknown
field or query parameter is an error, never ignored. There is no authentication: the daemon serves
127.0.0.1 and a Unix socket, and refuses requests of other users of the machine and of web pages of
another origin. Answers may have more fields in a later version.`;

const SCHEMAS = "#/components/schemas/";

const REFUSALS = {
  400: "The request is wrong: `field` names where, `expected` what was wanted.",
  403: "It came from another user of the machine, or from a web page of another origin.",
  404: "There is no such session.",
  409: "The beginning of an id is that of several sessions.",
  413: "The body is over 1 MiB.",
  500: "A defect of korun.",
} as const;

/** The document, as plain data. */
export function openApiDocument(version: string): object {
  const writer = new SchemaWriter(SCHEMAS);
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of ENDPOINTS) {
    paths[endpoint.path] ??= {};
    Object.assign(paths[endpoint.path] ?? {}, {
      [endpoint.method.toLowerCase()]: operation(endpoint, writer),
    });
  }
  return {
    openapi: "3.1.0",
    info: { title: "korun", version, description: ABOUT, license: { name: "MIT" } },
    servers: [{ url: "/", description: "The daemon that this document came from." }],
    paths,
    components: { schemas: writer.named() },
  };
}

function operation(endpoint: Endpoint, writer: SchemaWriter): object {
  const { name, about, details, body } = endpoint;
  const parameters = parametersOf(endpoint, writer);
  return {
    operationId: name,
    summary: about,
    ...(details === undefined ? {} : { description: details }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.required,
            content: { "application/json": { schema: writer.write(body.schema) } },
          },
        }),
    responses: responsesOf(endpoint, writer),
  };
}

function parametersOf({ path, query, headers = [] }: Endpoint, writer: SchemaWriter): object[] {
  const session = {
    name: "id",
    in: "path",
    required: true,
    description: "A session: its UUID, the beginning of that (4 characters or more), or its name.",
    schema: { type: "string", minLength: 1 },
  };
  return [
    ...(path.includes("{id}") ? [session] : []),
    ...Object.entries(query.entries).map(([name, entry]) => {
      const { description, ...schema } = writer.write(entry as Parameters<typeof writer.write>[0]);
      return {
        name,
        in: "query",
        required: entry.type !== "optional",
        ...(description === undefined ? {} : { description }),
        schema: withTypedDefault(schema),
      };
    }),
    ...headers.map(({ name, about, pattern }) => ({
      name,
      in: "header",
      description: about,
      schema: { type: "string", ...(pattern === undefined ? {} : { pattern: pattern.source }) },
    })),
  ];
}

/** A default is text like any value of a query; the document has it as what it means. */
function withTypedDefault(schema: Json): Json {
  if (schema.type !== "integer" || schema.default === undefined) return schema;
  return { ...schema, default: Number(schema.default) };
}

function responsesOf(endpoint: Endpoint, writer: SchemaWriter): Record<string, object> {
  const responses: Record<string, object> = {};
  for (const answer of endpoint.answers) responses[answer.status] = response(answer, writer);
  for (const [status, about] of Object.entries(refusalsOf(endpoint))) {
    responses[status] = {
      description: about,
      content: { "application/json": { schema: { $ref: `${SCHEMAS}ErrorReply` } } },
    };
  }
  return responses;
}

/** Why a request may be refused, by status. */
export function refusalsOf({ method, path, refusals = {} }: Endpoint): Record<string, string> {
  const ofSession = path.includes("{id}");
  const statuses: Record<string, string> = {
    400: REFUSALS[400],
    403: REFUSALS[403],
    ...(ofSession ? { 404: REFUSALS[404], 409: REFUSALS[409] } : {}),
    // Where no body is taken, it is read all the same, to refuse one.
    ...(method === "GET" ? {} : { 413: REFUSALS[413] }),
    500: REFUSALS[500],
  };
  for (const [status, about] of Object.entries(refusals) as [string, string][]) {
    const common = Number(status) as RefusalStatus;
    statuses[status] = common === 409 && ofSession ? `${about} Or: ${REFUSALS[409]}` : about;
  }
  return statuses;
}

function response({ about, content, headers }: Answer, writer: SchemaWriter): object {
  return {
    description: about,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(content.length === 0 ? {} : { content: contentOf(content, writer) }),
  };
}

function headersOf(headers: Readonly<Record<string, string>>): object {
  const entries = Object.entries(headers);
  return Object.fromEntries(
    entries.map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  );
}

function contentOf(content: readonly Content[], writer: SchemaWriter): object {
  return Object.fromEntries(content.map((one) => [one.type, mediaOf(one, writer)]));
}

/** OpenAPI 3.1 has no word for a body of many JSON values: each one's schema is an extension. */
function mediaOf({ about, schema, item }: Content, writer: SchemaWriter): object {
  const described = about === undefined ? {} : { description: about };
  return {
    schema: schema === undefined ? { type: "string", ...described } : writer.write(schema),
    ...(item === undefined ? {} : { "x-item-schema": writer.write(item) }),
  };
}
