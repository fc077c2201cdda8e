import { asObject, type JsonObject } from "../../../src/client/json.ts";

/** Where the definitions of a description lie for validators. */
export const definitionsId = "definitions";

/**
 * A schema of OpenAPI 2 as JSON Schema (2019-09). What isn't described is refused, unless the schema
 * is `open`, as a part of another is. Lists and objects may be null: Go writes those that are empty so.
 */
export function jsonSchema(schema: JsonObject, options: { open: boolean }): JsonObject {
  const { $ref, allOf, properties, items, additionalProperties, type } = schema;
  const inner = { open: false };
  if (typeof $ref === "string") return { $ref: reference($ref, options) };
  const closing =
    options.open || additionalProperties !== undefined || (properties ?? allOf) === undefined
      ? {}
      : { unevaluatedProperties: false };
  return {
    ...typeOf(schema),
    ...(Array.isArray(schema["enum"]) && type !== "boolean" ? { enum: enumOf(schema) } : {}),
    ...(Array.isArray(allOf)
      ? { allOf: allOf.map((part) => jsonSchema(asObject(part), { open: true })) }
      : {}),
    ...(properties === undefined
      ? {}
      : { properties: mapSchemas(asObject(properties), (one) => jsonSchema(one, inner)) }),
    ...(items === undefined ? {} : { items: jsonSchema(asObject(items), inner) }),
    ...(typeof additionalProperties === "object" && additionalProperties !== null
      ? { additionalProperties: jsonSchema(asObject(additionalProperties), inner) }
      : {}),
    ...(Array.isArray(schema["required"]) ? { required: schema["required"] } : {}),
    ...closing,
  };
}

/** All definitions, each closed, and open under `.open`. */
export function jsonDefinitions(definitions: JsonObject): JsonObject {
  const both = Object.entries(definitions).flatMap(([name, schema]) => [
    [name, jsonSchema(asObject(schema), { open: false })],
    [`${name}.open`, jsonSchema(asObject(schema), { open: true })],
  ]);
  return { $id: definitionsId, $defs: Object.fromEntries(both) as JsonObject };
}

function reference(to: string, { open }: { open: boolean }): string {
  return `${definitionsId}#/$defs/${to.replace("#/definitions/", "")}${open ? ".open" : ""}`;
}

function typeOf({ type, properties, ...schema }: JsonObject): JsonObject {
  const named = type ?? (properties === undefined ? undefined : "object");
  if (typeof named !== "string") return {};
  const mayBeNull = schema["x-nullable"] === true || named === "array" || named === "object";
  return { type: mayBeNull ? [named, "null"] : named };
}

function enumOf(schema: JsonObject): unknown[] {
  const values = schema["enum"] as unknown[];
  return schema["x-nullable"] === true ? [...values, null] : values;
}

function mapSchemas(schemas: JsonObject, change: (schema: JsonObject) => JsonObject): JsonObject {
  const changed = Object.entries(schemas).map(([name, one]) => [name, change(asObject(one))]);
  return Object.fromEntries(changed) as JsonObject;
}
