import type { FastifyInstance } from "fastify";
import { newestApiVersion, versionOf, withoutVersion } from "../../../src/api/api-version.ts";
import { type AnswerToCheck, ApiDescription } from "./api-description.ts";

const loaded = new Map<string, Promise<ApiDescription | undefined>>();

/** Read once a process; undefined where there is none. */
export function descriptionOf(version: string): Promise<ApiDescription | undefined> {
  const known = loaded.get(version) ?? ApiDescription.load(version);
  loaded.set(version, known);
  return known;
}

export type KeptAnswer = AnswerToCheck & { version: string };

/** Keeps every answer that is no stream. */
export function keepAnswers(app: FastifyInstance, answers: KeptAnswer[]): void {
  app.addHook("onSend", async (request, { statusCode: status }, body) => {
    const [path = ""] = withoutVersion(request.originalUrl).split("?");
    const { method } = request;
    if (typeof body === "string")
      answers.push({ version: versionOf(request), method, path: decodeURI(path), status, body });
    return body;
  });
}

/**
 * What of answers is not as Docker's description of their version has it, each fault once. Those of a
 * version without a description are passed over.
 */
export async function faultsOf(answers: readonly KeptAnswer[]): Promise<string[]> {
  const faults = new Set<string>();
  for (const { version, ...answer } of answers)
    for (const fault of (await descriptionOf(version))?.check(answer) ?? [])
      faults.add(version === newestApiVersion ? fault : `v${version} ${fault}`);
  return [...faults];
}
