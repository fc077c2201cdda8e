import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { dockerHub, splitRegistry } from "../../base/registry-name.ts";
import { answerError, printableText } from "./answer-error.ts";
import { basicAuthorization, type Credentials } from "./credentials.ts";
import { readJson } from "./read-document.ts";
import { apiHost, isLocalHost } from "./registry-host.ts";
import type { Transport } from "./transport.ts";
import { discard } from "./http-request.ts";

export interface FoundRepository {
  name: string;
  description: string;
  stars: number;
  official: boolean;
  automated: boolean;
}

/** Docker Hub searches at another host than it serves its API. */
const hubSearchHost = "index.docker.io";
const maximumAnswerBytes = 4 * 2 ** 20;
const maximumResults = 100;

const text = z
  .string()
  .nullish()
  .transform((value) => printableText(value ?? ""));
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const resultsSchema = z.object({
  results: z
    .array(
      z.object({
        name: text,
        description: text,
        star_count: z
          .number()
          .nullish()
          .transform((value) => value ?? 0),
        is_official: flag,
        is_automated: flag,
      }),
    )
    .nullish()
    .transform((results) => results ?? []),
});

/**
 * Searches by registry API 1 (`/v1/search`), which Docker Hub and some others still have; a term
 * `host/words` asks that host. Results are at most `limit`.
 */
export async function searchRegistry(
  transport: Transport,
  { term, limit, credentials, signal }: Search,
): Promise<FoundRepository[]> {
  const { registry, words } = splitTerm(term);
  const answer = await transport.send({
    method: "GET",
    url: await searchUrl(transport, registry, { words, limit }),
    headers: authorization(credentials),
    signal,
  });
  if (answer.status === 404) {
    discard(answer);
    throw new DvmError("not-found", `cannot search ${registry}: it offers no search`);
  }
  if (answer.status !== 200) throw await answerError(answer, `cannot search ${registry}`);
  const json = await readJson(answer, { limit: maximumAnswerBytes, what: "search results" });
  const parsed = resultsSchema.safeParse(json);
  if (!parsed.success)
    throw new DvmError("damaged", `cannot search ${registry}: it sent no list of results`);
  return parsed.data.results.slice(0, limit).map((one) => ({
    name: registry === dockerHub ? one.name : `${registry}/${one.name}`,
    description: one.description,
    stars: one.star_count,
    official: one.is_official,
    automated: one.is_automated,
  }));
}

interface Search {
  term: string;
  limit: number;
  credentials: Credentials;
  signal?: AbortSignal | undefined;
}

async function searchUrl(
  transport: Transport,
  registry: string,
  { words, limit }: { words: string; limit: number },
): Promise<URL> {
  const { plainHttp } = (await transport.settings(registry)).registry;
  const host = registry === dockerHub ? hubSearchHost : apiHost(registry);
  const url = new URL(`${plainHttp || isLocalHost(host) ? "http" : "https"}://${host}/v1/search`);
  url.searchParams.set("q", words);
  url.searchParams.set("n", String(Math.min(limit, maximumResults)));
  return url;
}

function splitTerm(term: string): { registry: string; words: string } {
  const { registry: host = dockerHub, path: words } = splitRegistry(term);
  if (host === dockerHub || host === hubSearchHost) return { registry: dockerHub, words };
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?$/.test(host))
    throw new DvmError("invalid", `cannot search ${JSON.stringify(host)}: it is no registry`);
  return { registry: host, words };
}

function authorization(credentials: Credentials): Record<string, string> {
  const basic = basicAuthorization(credentials);
  return basic === undefined ? {} : { Authorization: basic };
}
