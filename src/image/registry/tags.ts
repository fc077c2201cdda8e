import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { answerError } from "./answer-error.ts";
import { readJson } from "./read-document.ts";
import type { Repository } from "./repository.ts";
import { withRetries } from "./with-retries.ts";

const maximumTags = 10_000;
const maximumPages = 1000;
const maximumPageBytes = 4 * 2 ** 20;
const pageSchema = z.object({
  tags: z
    .array(z.string().regex(/^\w[\w.-]{0,127}$/))
    .nullish()
    .transform((tags) => tags ?? []),
});

/** All tags of a repository, page by page (`Link: <…>; rel="next"`). */
export async function listTags(repository: Repository, signal?: AbortSignal): Promise<string[]> {
  const tags = new Set<string>();
  let next: URL | undefined = new URL(`${repository.name}/tags/list`, repository.connection.base);
  for (let page = 0; next !== undefined; page += 1) {
    const { found, following }: Page = await readPage(repository, next, signal);
    for (const tag of found) tags.add(tag);
    if (tags.size > maximumTags || page >= maximumPages)
      throw new DvmError(
        "invalid",
        `cannot list the tags of ${repository.familiar}: there are more than ${maximumTags}`,
      );
    next = following;
  }
  return [...tags];
}

interface Page {
  found: string[];
  following: URL | undefined;
}

function readPage(repository: Repository, url: URL, signal?: AbortSignal): Promise<Page> {
  const { connection, familiar, scopes } = repository;
  return withRetries({ ...connection.transport.retries, signal }, async () => {
    const answer = await connection.request({ method: "GET", path: url, scopes, signal });
    const what = `cannot list the tags of ${familiar}`;
    if (answer.status !== 200) throw await answerError(answer, what);
    const link = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(answer.headers["link"]?.toString() ?? "");
    const json = await readJson(answer, { limit: maximumPageBytes, what: "a list of tags" });
    const parsed = pageSchema.safeParse(json);
    if (!parsed.success) throw new DvmError("damaged", `${what}: it is no list of tags`);
    return { found: parsed.data.tags, following: nextPage(answer.url, link?.[1]) };
  });
}

/** A list goes on where it began, never elsewhere. */
function nextPage(from: URL, link: string | undefined): URL | undefined {
  const next = link === undefined ? null : URL.parse(link, from.href);
  return next !== null && next.origin === from.origin ? next : undefined;
}
