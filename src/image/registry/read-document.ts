import { DvmError } from "../../base/errors.ts";
import { parseJson } from "../../base/parse-json.ts";
import { connectionError, type HttpAnswer } from "./http-request.ts";

/** The whole body, if it has no more than `limit` bytes. `what` names it in errors. */
export async function readDocument(
  answer: HttpAnswer,
  { limit, what }: { limit: number; what: string },
): Promise<Buffer> {
  const claimed = Number(answer.headers["content-length"] ?? 0);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    if (claimed > limit) throw tooLong(what, limit);
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw tooLong(what, limit);
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(answer.url, error);
  } finally {
    answer.body.destroy();
  }
  return Buffer.concat(chunks, length);
}

/** {@link readDocument} of JSON, its shape not yet checked. */
export async function readJson(
  answer: HttpAnswer,
  options: { limit: number; what: string },
): Promise<unknown> {
  const bytes = await readDocument(answer, options);
  try {
    return parseJson(bytes);
  } catch {
    throw new DvmError("damaged", `cannot read ${options.what} of ${answer.url.host}: no JSON`);
  }
}

function tooLong(what: string, limit: number): DvmError {
  return new DvmError("invalid", `cannot read ${what}: it has more than ${limit} bytes`);
}
