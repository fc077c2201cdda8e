import { z } from "zod";

/*
 * What Go's encoding/json makes of a value that a schema describes: it knows fields whatever the case
 * of their names, and calls types by their names in Go.
 */

type Schema = z.core.$ZodType;

/** A command, which may be one word, too. */
export const commandType = "strslice.StrSlice";

/** Gives a schema the name of Docker's type, where that is another one than its form tells. */
export function goNamed<T extends z.ZodType>(name: string, schema: T): T {
  return schema.meta({ goName: name });
}

/** As Go would say of what type a value must be. */
export function goTypeOf(schema: Schema): string {
  const name = z.globalRegistry.get(schema)?.["goName"];
  if (typeof name === "string") return name;
  const inner = innerSchema(schema);
  if (inner !== undefined) return goTypeOf(inner);
  if (schema instanceof z.ZodArray) return `[]${goTypeOf(schema.element)}`;
  if (schema instanceof z.ZodRecord) return `map[string]${goTypeOf(schema.valueType)}`;
  if (schema instanceof z.ZodBoolean) return "bool";
  if (schema instanceof z.ZodNumber) return "int64";
  return schema instanceof z.ZodObject || schema instanceof z.ZodCustom ? "struct {}" : "string";
}

/** The schema of what is at a path in a value. */
export function schemaAt(schema: Schema, path: readonly PropertyKey[]): Schema {
  const [first, ...rest] = path;
  if (first === undefined) return schema;
  const below = childSchema(schema, String(first));
  return below === undefined ? schema : schemaAt(below, rest);
}

/** A value whose fields have the names that the schema knows. Of several that mean the same the last counts. */
export function withKnownNames(schema: Schema, value: unknown): unknown {
  const plain = plainSchema(schema);
  if (Array.isArray(value)) {
    const { element } = plain instanceof z.ZodArray ? plain : {};
    return element === undefined ? value : value.map((one) => withKnownNames(element, one));
  }
  if (typeof value !== "object" || value === null) return value;
  const known =
    plain instanceof z.ZodObject
      ? new Map(Object.keys(plain.shape).map((name) => [name.toLowerCase(), name]))
      : new Map<string, string>();
  return Object.fromEntries(
    Object.entries(value).map(([given, one]) => {
      const name = known.get(given.toLowerCase()) ?? given;
      const below = childSchema(plain, name);
      return [name, below === undefined ? one : withKnownNames(below, one)];
    }),
  );
}

function childSchema(schema: Schema, name: string): Schema | undefined {
  const plain = plainSchema(schema);
  if (plain instanceof z.ZodObject) {
    const shape: Readonly<Record<string, Schema>> = plain.shape;
    return shape[name];
  }
  if (plain instanceof z.ZodArray) return plain.element;
  return plain instanceof z.ZodRecord ? plain.valueType : undefined;
}

function plainSchema(schema: Schema): Schema {
  const inner = innerSchema(schema);
  return inner === undefined ? schema : plainSchema(inner);
}

/** What a schema is made of that only changes what comes out, or takes nothing too. */
function innerSchema(schema: Schema): Schema | undefined {
  if (schema instanceof z.ZodPipe)
    return schema.in instanceof z.ZodTransform ? schema.out : schema.in;
  return schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault
    ? schema.unwrap()
    : undefined;
}
