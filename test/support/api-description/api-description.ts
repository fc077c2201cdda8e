import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2019, type ValidateFunction } from "ajv/dist/2019.js";
import { asObject, type JsonObject, parseJson } from "../../../src/client/json.ts";
import { newestApiVersion } from "../../../src/api/api-version.ts";
import { testCache } from "../cache.ts";
import { jsonDefinitions, jsonSchema } from "./answer-schema.ts";
import { isExplained } from "./deviations.ts";

/** An answer of the API's. */
export interface AnswerToCheck {
  method: string;
  /** Without its version and query. */
  path: string;
  status: number;
  body: string;
}

const unknownField = "unevaluatedProperties";

/**
 * Docker's own description of one version of its API, which answers are held against. Clients of an
 * older version are told of what newer ones added, too, as by dockerd.
 */
export class ApiDescription {
  readonly #paths: { pattern: RegExp; template: string; operations: JsonObject }[];
  readonly #ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction | undefined>();

  readonly #isNewest: boolean;

  private constructor(document: JsonObject, version: string) {
    this.#isNewest = version === newestApiVersion;
    this.#ajv.addSchema(jsonDefinitions(asObject(document["definitions"])));
    this.#paths = Object.entries(asObject(document["paths"])).map(([template, operations]) => ({
      template,
      pattern: new RegExp(`^${template.replace(/\{[^}]*\}/g, "(?:[^/]+|.+)")}$`),
      operations: asObject(operations),
    }));
  }

  /** Undefined where the tests' preparation could not bring it. */
  static async load(version: string): Promise<ApiDescription | undefined> {
    const path = join(testCache, "api-descriptions", `v${version}.json`);
    const text = await readFile(path, "utf8").catch(() => undefined);
    return text === undefined ? undefined : new ApiDescription(asObject(parseJson(text)), version);
  }

  /** What of an answer is not as described, and explained nowhere; each as one line. */
  check({ method, path, status, body }: AnswerToCheck): string[] {
    const found = this.#find(method, path);
    if (found === undefined || body === "" || status === 304) return [];
    const route = `${method} ${found.template}`;
    const validate = this.#validator(route, found.operation, status);
    if (validate === undefined || validate(parse(body))) return [];
    const errors = (validate.errors ?? []).filter(
      ({ keyword }) => this.#isNewest || keyword !== unknownField,
    );
    const faults = errors.map(({ instancePath, message = "", params }) => {
      const extra = asObject(params)["unevaluatedProperty"];
      const where = typeof extra === "string" ? `${instancePath}/${extra}` : instancePath;
      return { where, message };
    });
    return faults
      .filter(({ where }) => !isExplained(route, where))
      .map(({ where, message }) => `${route} ${status} ${where}: ${message}`);
  }

  #find(method: string, path: string) {
    for (const { template, pattern, operations } of this.#paths) {
      const operation = operations[method.toLowerCase()];
      if (operation !== undefined && pattern.test(path))
        return { template, operation: asObject(operation) };
    }
    return undefined;
  }

  #validator(route: string, operation: JsonObject, status: number): ValidateFunction | undefined {
    const key = `${route} ${status}`;
    if (!this.#validators.has(key))
      this.#validators.set(key, this.#compile(asObject(operation["responses"]), status));
    return this.#validators.get(key);
  }

  /** A status that isn't described is an error's, and such are all alike. */
  #compile(responses: JsonObject, status: number): ValidateFunction | undefined {
    const described = responses[String(status)] ?? responses[status >= 400 ? "500" : "none"];
    const schema = described === undefined ? undefined : asObject(described)["schema"];
    if (schema === undefined) return undefined;
    const { type, format } = asObject(schema);
    if (type === "string" && (format === "binary" || status < 400)) return undefined;
    return this.#ajv.compile(jsonSchema(asObject(schema), { open: false }));
  }
}

function parse(body: string): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
