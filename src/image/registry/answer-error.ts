import { z } from "zod";
import { DvmError, type ErrorCode } from "../../base/errors.ts";
import { tryParseJson } from "../../base/parse-json.ts";
import type { HttpAnswer } from "./http-request.ts";
import { readDocument } from "./read-document.ts";

const maximumErrorBytes = 64 * 1024;
const maximumTextLength = 512;
const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string().default(""), message: z.string().default("") })),
});
const plainSchema = z.object({ details: z.string().optional(), message: z.string().optional() });

/**
 * The error that an answer of 400 or more stands for: `‹what›: ‹code›: ‹the registry's words›`, as
 * docker writes it. `unavailable` is worth another try.
 */
export async function answerError(answer: HttpAnswer, what: string): Promise<DvmError> {
  const { code, said } = await readRefusal(answer);
  return new DvmError(code, `${what}: ${said}`);
}

/** Why the registry refused: a class, and its words. */
export async function readRefusal(answer: HttpAnswer): Promise<{ code: ErrorCode; said: string }> {
  const { status } = answer;
  const body = await readDocument(answer, { limit: maximumErrorBytes, what: "an error" }).catch(
    () => Buffer.alloc(0),
  );
  const said = describe(body.toString("utf8")) ?? `HTTP status ${status}`;
  return { code: codeOf(status), said };
}

/** Text from a registry, fit for a terminal. */
export function printableText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").slice(0, maximumTextLength);
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 404) return "not-found";
  if (status === 408 || status === 429 || status >= 500) return "unavailable";
  return "invalid";
}

function describe(text: string): string | undefined {
  const json = tryParseJson(text); // routers and proxies send pages for people
  const first = errorsSchema.safeParse(json).data?.errors[0];
  if (first !== undefined)
    return printableText(`${first.code.toLowerCase().replaceAll("_", " ")}: ${first.message}`);
  const { details, message } = plainSchema.safeParse(json).data ?? {};
  const plain = details ?? message;
  return plain === undefined ? undefined : printableText(plain);
}
