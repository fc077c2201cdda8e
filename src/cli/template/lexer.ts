import { DvmError } from "../../base/errors.ts";

export interface Token {
  kind: "text" | "number" | "word" | "variable" | "field" | "dot" | "symbol";
  /** The text as it means: strings without quotes, fields and variables without `.` and `$`. */
  value: string;
  /** Whether a space stands before it: `.A.B` is one operand, `.A .B` are two. */
  spaced: boolean;
}

export type Piece = { kind: "text"; text: string } | { kind: "action"; tokens: Token[] };

/** `a {{.B}} c` → texts and actions. `{{-` and `-}}` trim the text beside them. */
export function splitTemplate(template: string): Piece[] {
  const pieces: Piece[] = [];
  let rest = template;
  for (let start = rest.indexOf("{{"); start >= 0; start = rest.indexOf("{{")) {
    const end = actionEnd(rest, start + 2);
    const action = rest.slice(start + 2, end);
    const trimsLeft = /^-\s/.test(action);
    const trimsRight = /\s-$/.test(action);
    const before = rest.slice(0, start);
    pieces.push({ kind: "text", text: trimsLeft ? before.trimEnd() : before });
    const inner = action.slice(trimsLeft ? 1 : 0, trimsRight ? -1 : undefined).trim();
    if (!isComment(inner)) pieces.push({ kind: "action", tokens: tokensOf(inner) });
    rest = rest.slice(end + 2);
    if (trimsRight) rest = rest.trimStart();
  }
  pieces.push({ kind: "text", text: rest });
  return pieces.filter((piece) => piece.kind === "action" || piece.text !== "");
}

const quoted = /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y;

/** Braces within quotes don't end an action. */
function actionEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text.startsWith("}}", at)) return at;
    quoted.lastIndex = at;
    const match = quoted.exec(text);
    if (match !== null) at += match[0].length - 1;
  }
  throw templateError(`unclosed action: {{${text.slice(from)}`);
}

function isComment(action: string): boolean {
  return action.startsWith("/*") && action.endsWith("*/");
}

const patterns: readonly [Token["kind"], RegExp][] = [
  ["text", quoted],
  ["number", /[+-]?\d+(?:\.\d+)?/y],
  ["word", /[A-Za-z_]\w*/y],
  ["variable", /\$\w*/y],
  ["field", /\.[A-Za-z_]\w*/y],
  ["dot", /\./y],
  ["symbol", /:=|[=|(),]/y],
];

function tokensOf(action: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < action.length) {
    const spaces = /^\s*/.exec(action.slice(at))?.[0].length ?? 0;
    at += spaces;
    const [kind, raw] = nextToken(action, at);
    at += raw.length;
    tokens.push({ kind, value: meaning(kind, raw), spaced: spaces > 0 });
  }
  return tokens;
}

function nextToken(action: string, at: number): [Token["kind"], string] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(action);
    if (match !== null) return [kind, match[0]];
  }
  throw templateError(`unexpected "${action.slice(at)}" in {{${action}}}`);
}

function meaning(kind: Token["kind"], raw: string): string {
  if (kind === "field" || kind === "variable") return raw.slice(1);
  if (kind !== "text") return raw;
  if (raw.startsWith("`")) return raw.slice(1, -1);
  try {
    return String(JSON.parse(raw));
  } catch {
    throw templateError(`bad escape in ${raw}`);
  }
}

export function templateError(fact: string): DvmError {
  return new DvmError("invalid", `template parsing error: ${fact}`);
}
