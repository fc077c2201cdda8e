import { Readable } from "node:stream";
import { DvmError } from "../base/errors.ts";

/** Where an import comes from: an URL, of HTTP unless it says otherwise. */
export function sourceUrl(source: string): string {
  const text = source.includes("://") ? source : source === "" ? "http:" : `http://${source}`;
  if (source !== "" && URL.canParse(text)) return text;
  throw new DvmError("unclassified", `Get ${JSON.stringify(text)}: http: no Host in request URL`);
}

/** The body of what is at `url`. */
export async function download(url: string, signal: AbortSignal): Promise<Readable> {
  const answer = await fetch(url, { signal }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.cause : undefined;
    throw new DvmError("unclassified", `Get ${JSON.stringify(url)}`, { cause: why ?? cause });
  });
  if (!answer.ok || answer.body === null)
    throw new DvmError(
      "unclassified",
      `failed to GET ${url} with status ${answer.status} ${answer.statusText}`,
    );
  return Readable.from(answer.body);
}
