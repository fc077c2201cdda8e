import { splitTemplate, templateError, type Piece, type Token } from "./lexer.ts";

export type Operand =
  | { kind: "dot" }
  | { kind: "variable"; name: string }
  | { kind: "literal"; value: unknown }
  | { kind: "function"; name: string }
  | { kind: "field"; of: Operand; name: string }
  | { kind: "pipeline"; pipeline: Pipeline };

export interface Pipeline {
  /** What its value is put into: `$x :=`, and for range `$index, $element :=`. */
  variables: string[];
  /** `:=` makes the variables, `=` changes them. */
  declares: boolean;
  /** Each gets the value of the one before as its last argument. */
  commands: Operand[][];
}

export type Node =
  | { kind: "text"; text: string }
  | { kind: "output"; pipeline: Pipeline }
  | { kind: "if" | "with" | "range"; pipeline: Pipeline; body: Node[]; otherwise: Node[] }
  | { kind: "break" | "continue" };

export function parseTemplate(template: string): Node[] {
  const reader = { pieces: splitTemplate(template), at: 0 };
  const { nodes, stop } = parseNodes(reader);
  if (stop !== undefined) throw templateError(`unexpected {{${stop.word}}}`);
  return nodes;
}

interface Reader {
  pieces: Piece[];
  at: number;
}

/** `{{end}}` or `{{else …}}`, which ends a list of nodes. */
interface Stop {
  word: string;
  rest: Token[];
}

function parseNodes(reader: Reader): { nodes: Node[]; stop: Stop | undefined } {
  const nodes: Node[] = [];
  for (;;) {
    const piece = reader.pieces[reader.at++];
    if (piece === undefined) return { nodes, stop: undefined };
    if (piece.kind === "text") {
      nodes.push(piece);
      continue;
    }
    const [first, ...rest] = piece.tokens;
    if (first === undefined) throw templateError("missing value for command: {{}}");
    const word = first.kind === "word" ? first.value : "";
    if (word === "end" || word === "else") return { nodes, stop: { word, rest } };
    nodes.push(parseAction(reader, word, piece.tokens));
  }
}

function parseAction(reader: Reader, word: string, tokens: Token[]): Node {
  if (word === "if" || word === "with" || word === "range")
    return parseBlock(reader, word, tokens.slice(1));
  if (word === "break" || word === "continue") return { kind: word };
  if (["define", "template", "block"].includes(word))
    throw templateError(`{{${word}}} is not supported`);
  return { kind: "output", pipeline: parsePipeline(tokens) };
}

function parseBlock(reader: Reader, kind: "if" | "with" | "range", tokens: Token[]): Node {
  const pipeline = parsePipeline(tokens);
  const { nodes: body, stop } = parseNodes(reader);
  if (stop === undefined) throw templateError(`{{${kind}}} without {{end}}`);
  return { kind, pipeline, body, otherwise: stop.word === "end" ? [] : parseElse(reader, stop) };
}

function parseElse(reader: Reader, { rest }: Stop): Node[] {
  const [first, ...condition] = rest;
  if (first !== undefined) {
    if (first.value !== "if" && first.value !== "with")
      throw templateError(`unexpected "${first.value}" after {{else`);
    return [parseBlock(reader, first.value, condition)];
  }
  const { nodes, stop } = parseNodes(reader);
  if (stop?.word !== "end") throw templateError("{{else}} without {{end}}");
  return nodes;
}

interface Cursor {
  tokens: Token[];
  at: number;
}

function parsePipeline(tokens: Token[]): Pipeline {
  const cursor = { tokens, at: 0 };
  const head = parseVariables(cursor);
  const commands = parseCommands(cursor);
  const extra = cursor.tokens[cursor.at];
  if (extra !== undefined) throw templateError(`unexpected "${extra.value}"`);
  return { ...head, commands };
}

function parseVariables(cursor: Cursor): { variables: string[]; declares: boolean } {
  const sign = cursor.tokens.findIndex(isAssignment);
  if (sign < 0) return { variables: [], declares: false };
  const names = cursor.tokens.slice(0, sign).filter(({ value }) => value !== ",");
  const wrong = names.find(({ kind }) => kind !== "variable");
  if (wrong !== undefined || names.length === 0 || names.length > 2)
    throw templateError(`cannot assign to "${wrong?.value ?? ""}"`);
  cursor.at = sign + 1;
  const declares = cursor.tokens[sign]?.value === ":=";
  return { variables: names.map(({ value }) => value), declares };
}

function isAssignment({ kind, value }: Token): boolean {
  return kind === "symbol" && (value === ":=" || value === "=");
}

function parseCommands(cursor: Cursor): Operand[][] {
  const commands: Operand[][] = [];
  do commands.push(parseCommand(cursor));
  while (takeSymbol(cursor, "|"));
  return commands;
}

function parseCommand(cursor: Cursor): Operand[] {
  const operands: Operand[] = [];
  for (;;) {
    const token = cursor.tokens[cursor.at];
    if (token === undefined || (token.kind === "symbol" && token.value !== "(")) break;
    operands.push(parseOperand(cursor, token));
  }
  if (operands.length === 0) throw templateError("missing value for command");
  return operands;
}

function parseOperand(cursor: Cursor, first: Token): Operand {
  cursor.at++;
  let operand = parsePrimary(cursor, first);
  for (;;) {
    const next = cursor.tokens[cursor.at];
    if (next === undefined || next.kind !== "field" || next.spaced) return operand;
    cursor.at++;
    operand = { kind: "field", of: operand, name: next.value };
  }
}

function parsePrimary(cursor: Cursor, { kind, value }: Token): Operand {
  switch (kind) {
    case "dot":
      return { kind: "dot" };
    case "field":
      return { kind: "field", of: { kind: "dot" }, name: value };
    case "variable":
      return { kind: "variable", name: value };
    case "text":
      return { kind: "literal", value };
    case "number":
      return { kind: "literal", value: Number(value) };
    case "word":
      return parseWord(value);
    case "symbol":
      return parseParenthesis(cursor);
  }
}

function parseWord(word: string): Operand {
  const constants = new Map<string, unknown>([
    ["true", true],
    ["false", false],
    ["nil", null],
  ]);
  if (constants.has(word)) return { kind: "literal", value: constants.get(word) };
  return { kind: "function", name: word };
}

function parseParenthesis(cursor: Cursor): Operand {
  const commands = parseCommands(cursor);
  if (!takeSymbol(cursor, ")")) throw templateError("unclosed left paren");
  return { kind: "pipeline", pipeline: { variables: [], declares: false, commands } };
}

function takeSymbol(cursor: Cursor, symbol: string): boolean {
  const token = cursor.tokens[cursor.at];
  if (token?.kind !== "symbol" || token.value !== symbol) return false;
  cursor.at++;
  return true;
}
