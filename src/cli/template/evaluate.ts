import { DvmError } from "../../base/errors.ts";
import { templateFunctions, type TemplateFunction } from "./functions.ts";
import { templateError } from "./lexer.ts";
import type { Node, Operand, Pipeline } from "./parser.ts";
import { isTrue, renderValue } from "./values.ts";

interface Scope {
  dot: unknown;
  /** Held in boxes, so that `=` within a block changes a variable made outside of it. */
  variables: Map<string, { value: unknown }>;
}

type Flow = "on" | "break" | "continue";

export function execute(nodes: readonly Node[], data: unknown): string {
  const output: string[] = [];
  run(nodes, { dot: data, variables: new Map([["", { value: data }]]) }, output);
  return output.join("");
}

function run(nodes: readonly Node[], scope: Scope, output: string[]): Flow {
  for (const node of nodes) {
    const flow = runNode(node, scope, output);
    if (flow !== "on") return flow;
  }
  return "on";
}

function runNode(node: Node, scope: Scope, output: string[]): Flow {
  switch (node.kind) {
    case "text":
      output.push(node.text);
      return "on";
    case "output": {
      const value = evaluate(node.pipeline, scope);
      if (node.pipeline.variables.length === 0) output.push(renderValue(printable(value, node)));
      return "on";
    }
    case "if":
    case "with": {
      const inner = innerScope(scope);
      const value = evaluate(node.pipeline, inner);
      if (!isTrue(value)) return run(node.otherwise, inner, output);
      return run(node.body, node.kind === "with" ? { ...inner, dot: value } : inner, output);
    }
    case "range":
      return runRange(node, scope, output);
    case "break":
    case "continue":
      return node.kind;
  }
}

function runRange(
  node: Node & { kind: "range" | "if" | "with" },
  scope: Scope,
  output: string[],
): Flow {
  const value = evaluate({ ...node.pipeline, variables: [] }, scope);
  const entries = entriesOf(value);
  if (entries.length === 0) return run(node.otherwise, innerScope(scope), output);
  for (const [key, element] of entries) {
    const inner = { ...innerScope(scope), dot: element };
    const { variables } = node.pipeline;
    const values = variables.length === 2 ? [key, element] : [element];
    for (const [index, name] of variables.entries())
      inner.variables.set(name, { value: values[index] });
    if (run(node.body, inner, output) === "break") break;
  }
  return "on";
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return [...value.entries()];
  if (typeof value === "object") return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw templateError(`range can't iterate over ${renderValue(value)}`);
}

function innerScope({ dot, variables }: Scope): Scope {
  return { dot, variables: new Map(variables) };
}

function printable(value: unknown, { pipeline }: { pipeline: Pipeline }): unknown {
  if (value !== undefined) return value;
  throw templateError(`there is no ${describeCommand(pipeline.commands[0] ?? [])}`);
}

function evaluate(pipeline: Pipeline, scope: Scope): unknown {
  let value: unknown;
  for (const [index, command] of pipeline.commands.entries())
    value = evaluateCommand(command, scope, index === 0 ? [] : [value]);
  for (const name of pipeline.variables)
    assign(scope, name, { value, declares: pipeline.declares });
  return value;
}

function assign(
  { variables }: Scope,
  name: string,
  { value, declares }: { value: unknown; declares: boolean },
): void {
  if (declares) variables.set(name, { value });
  else variableOf(variables, name).value = value;
}

function evaluateCommand(command: readonly Operand[], scope: Scope, piped: unknown[]): unknown {
  const [first, ...others] = command;
  if (first === undefined) throw templateError("missing value for command");
  const values = [...others.map((operand) => evaluateOperand(operand, scope)), ...piped];
  if (first.kind === "function") return call(functionNamed(first.name), first.name, values);
  const value = first.kind === "field" ? fieldOf(first, scope) : evaluateOperand(first, scope);
  if (typeof value === "function")
    return call(value as TemplateFunction, describeOperand(first), values);
  if (values.length > 0)
    throw templateError(`${describeOperand(first)} is not a function but has arguments`);
  return value;
}

function call(action: TemplateFunction, name: string, values: unknown[]): unknown {
  try {
    return action(...values);
  } catch (error) {
    if (error instanceof DvmError) throw templateError(`error calling ${name}: ${error.message}`);
    throw error;
  }
}

function evaluateOperand(operand: Operand, scope: Scope): unknown {
  switch (operand.kind) {
    case "dot":
      return scope.dot;
    case "variable":
      return variableOf(scope.variables, operand.name).value;
    case "literal":
      return operand.value;
    case "function":
      return call(functionNamed(operand.name), operand.name, []);
    case "pipeline":
      return evaluate(operand.pipeline, scope);
    case "field": {
      const value = fieldOf(operand, scope);
      return typeof value === "function"
        ? call(value as TemplateFunction, describeOperand(operand), [])
        : value;
    }
  }
}

/** What isn't there is undefined, so that `if` may ask for it; only printing it is an error. */
function fieldOf(operand: Operand & { kind: "field" }, scope: Scope): unknown {
  const owner = evaluateOperand(operand.of, scope);
  if (owner === null || owner === undefined || typeof owner !== "object" || Array.isArray(owner))
    throw templateError(
      `cannot take ${describeOperand(operand)}: ${describeOperand(operand.of)} is ${owner === undefined ? "not there" : renderValue(owner)}`,
    );
  return Object.hasOwn(owner, operand.name)
    ? (owner as Record<string, unknown>)[operand.name]
    : undefined;
}

function variableOf(variables: Scope["variables"], name: string): { value: unknown } {
  const variable = variables.get(name);
  if (variable === undefined) throw templateError(`undefined variable "$${name}"`);
  return variable;
}

function functionNamed(name: string): TemplateFunction {
  const found = Object.hasOwn(templateFunctions, name) ? templateFunctions[name] : undefined;
  if (found === undefined) throw templateError(`function "${name}" not defined`);
  return found;
}

function describeCommand(command: readonly Operand[]): string {
  return command.map(describeOperand).join(" ");
}

function describeOperand(operand: Operand): string {
  switch (operand.kind) {
    case "dot":
      return ".";
    case "variable":
      return `$${operand.name}`;
    case "literal":
      return JSON.stringify(operand.value);
    case "function":
      return operand.name;
    case "pipeline":
      return "(…)";
    case "field":
      return operand.of.kind === "dot"
        ? `.${operand.name}`
        : `${describeOperand(operand.of)}.${operand.name}`;
  }
}
