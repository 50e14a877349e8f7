import { describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import * as v from "valibot";
import { ENDPOINTS } from "../../src/api/endpoints/all.ts";
import { namedSchemas } from "../../src/api/endpoints/schemas.ts";
import { SchemaWriter } from "../../src/api/json-schema.ts";
import { openApiDocument } from "../../src/api/openapi.ts";
import { CreateSession } from "../../src/api/requests.ts";
import { createValidator } from "../support/json-schema.ts";

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, object>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

const document = openApiDocument("1.2.3") as Document;

function operation(method: string, path: string): Operation {
  const found = document.paths[path]?.[method];
  if (found === undefined) throw new Error(`no ${method} ${path}`);
  return found;
}

function parameter(name: string, { parameters = [] }: Operation): Parameter {
  const found = parameters.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1, and all its references lead somewhere", async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone({ ...document }));
    expect(result.errors).toBeUndefined();
    expect([result.valid, validator.version]).toEqual([true, "3.1"]);
    const references = JSON.stringify(document).matchAll(
      /"\$ref":"#\/components\/schemas\/(\w+)"/g,
    );
    for (const [, name = ""] of references) {
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
  });

  test("has every schema as JSON Schema that can be compiled", () => {
    const ajv = createValidator();
    ajv.addSchema({ $id: "korun", ...document });
    for (const name of Object.keys(document.components.schemas)) {
      expect(ajv.compile({ $ref: `korun#/components/schemas/${name}` })).toBeFunction();
    }
  });

  test("names each operation once", () => {
    const names = ENDPOINTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const routes = ENDPOINTS.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(routes).size).toBe(routes.length);
  });

  test("has each parameter with what it is, its choices and its default", () => {
    const logs = operation("get", "/v1/sessions/{id}/logs");
    expect(parameter("id", logs)).toMatchObject({ in: "path", required: true });
    expect(parameter("limit", logs)).toMatchObject({
      in: "query",
      required: false,
      schema: { type: "integer", minimum: 0, default: 100 },
    });
    expect(parameter("stream", logs).schema).toEqual({
      type: "string",
      enum: ["blended", "stdout", "stderr"],
      default: "blended",
    });
    expect(parameter("follow", logs).schema).toMatchObject({ default: "0" });
    expect(parameter("pattern", operation("get", "/v1/sessions/{id}/expect")).required).toBe(true);
  });

  test("has the bounds of each parameter", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const attach = operation("get", "/v1/sessions/{id}/attach");
    const expectOutput = operation("get", "/v1/sessions/{id}/expect");
    const logs = operation("get", "/v1/sessions/{id}/logs");
    const cells = { type: "integer", minimum: 1, maximum: 1_000 };
    expect(parameter("cols", attach).schema).toEqual(cells);
    expect(parameter("rows", attach).schema).toEqual(cells);
    expect(parameter("port", operation("get", "/v1/ports")).schema).toEqual({
      ...cells,
      maximum: 65_535,
    });
    const numbers = [
      parameter("limit", logs),
      parameter("since_seq", logs),
      parameter("since_column", expectOutput),
    ];
    for (const { schema } of numbers) expect(schema).toMatchObject({ minimum: 0, maximum: most });
    for (const name of ["since", "until"]) {
      expect(parameter(name, logs).schema).toEqual({ type: "string", minLength: 1 });
    }
    const request = parameter("korun-request", operation("post", "/v1/sessions"));
    const pattern = new RegExp(String(request.schema.pattern));
    expect([pattern.test(crypto.randomUUID()), pattern.test("x")]).toEqual([true, false]);
  });

  test("has the version it is asked to have", () => {
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "korun", version: "1.2.3" },
    });
  });

  test("says of answers that come in pieces what each piece is", () => {
    const logs = operation("get", "/v1/sessions/{id}/logs").responses["200"];
    expect(logs).toMatchObject({
      content: {
        "application/x-ndjson": {
          schema: { type: "string" },
          "x-item-schema": { $ref: "#/components/schemas/FollowFrame" },
        },
      },
    });
    const attach = operation("get", "/v1/sessions/{id}/attach").responses;
    expect(Object.keys(attach)).toContain("101");
  });

  test("has for each refusal the envelope of errors", () => {
    for (const path of Object.values(document.paths)) {
      for (const { responses } of Object.values(path)) {
        for (const [status, response] of Object.entries(responses)) {
          if (Number(status) < 400) continue;
          expect(response).toMatchObject({
            content: {
              "application/json": { schema: { $ref: "#/components/schemas/ErrorReply" } },
            },
          });
        }
      }
    }
  });
});

describe("a schema as JSON Schema", () => {
  const ajv = createValidator();
  const writer = new SchemaWriter("#/$defs/");
  const { CreateSession: written = {} } = writer.named();
  const accepts = ajv.compile({ ...(written as object), $defs: writer.named() });

  for (const [body, fits] of [
    [{ command: ["x"] }, true],
    [{ command: ["x"], grace: "5s", debounce: 100, env: { A: "b" }, watch: ["src"] }, true],
    [{ command: ["x"], restart: { kind: "exponential", multiplier: 1.5, maxDelay: "30s" } }, true],
    [{ command: ["x"], ready: [{ port: 3000 }, { log: "up", timeout: 5 }], pty: true }, true],
    [{ command: [] }, false],
    [{ command: ["x"], nope: 1 }, false],
    [{ command: ["x"], env: { A: 1 } }, false],
    [{ command: ["x"], restart: { kind: "exponential", multiplier: 0.5 } }, false],
    [{ command: ["x"], ready: { port: 99_999 } }, false],
    [{ command: ["x"], stdin: "tty" }, false],
    [{ command: ["x"], grace: " 1.5s ", debounce: 3_600_000, max_runtime: "7d" }, true],
    [{ command: ["x"], grace: "soon" }, false],
    [{ command: ["x"], grace: -1 }, false],
    [{ command: ["x"], debounce: 3_600_001 }, false],
    [{ command: ["x"], max_runtime: "" }, false],
    [{ command: ["x"], max_rss: "512MiB" }, true],
    [{ command: ["x"], max_rss: "64k" }, true],
    [{ command: ["x"], max_rss: "12 elephants" }, false],
    [{ command: ["x"], max_rss: 0 }, false],
    [{ command: ["x"], max_rss: 2 ** 53 }, false],
    [{ command: ["x"], env: { "A=B": "c" } }, false],
    [{ command: ["x"], ready: [] }, true],
    [{ command: ["x"], ready: {} }, false],
    [{ command: ["x"], ready: [{ timeout: 5 }] }, false],
    [{ command: ["x"], ready: { url: "ftp://localhost" } }, false],
    [{ command: ["x"], ready: { port: 80, status: 200 } }, false],
    [{ command: ["x"], health: { url: "http://localhost", status: 200 } }, true],
    [{ command: ["x"], health: {} }, false],
    [{ command: ["x"], health: { port: 80, command: "true" } }, false],
  ] as const) {
    test(`says as the daemon does of ${JSON.stringify(body)}`, () => {
      expect([accepts(body), v.is(CreateSession, body)]).toEqual([fits, fits]);
    });
  }

  test("is closed where it is sent and open where it is answered", () => {
    const named = writer.named();
    expect(named.CreateSession).toMatchObject({ additionalProperties: false });
    expect(named.SessionReply).not.toHaveProperty("additionalProperties");
  });

  test("is there for every reply that is exported", () => {
    expect(Object.keys(namedSchemas())).toEqual(
      expect.arrayContaining(["SessionReply", "LogReply", "EventReply", "ErrorReply", "SendInput"]),
    );
  });
});
