import { join } from "node:path";
import { describeError } from "../../../src/base/errors.ts";
import { runProgram } from "../../../bench/measure/run-program.ts";
import type { ComparedEngine } from "../session/engine.ts";

const checkDeadlineMs = 240_000;

/** What a client needs beside `DOCKER_HOST`, once it is there. */
export interface Installation {
  version: string;
  environment?: Record<string, string>;
}

export interface Client {
  name: string;
  /** Brings it, and throws where it can't be had. */
  install(): Promise<Installation>;
  /** Claim → the words that show it, the first of which names a script of ours. */
  checks: Record<string, string[]>;
}

export interface ClientResult {
  client: string;
  title: string;
  /** `passed`, or why not. */
  docker: string;
  dvm: string;
}

const interpreters: Record<string, string> = { sh: "sh", py: "python3", mjs: process.execPath };

/** Runs each check against each engine; a client that can't be had is told of, once. */
export async function checkClients(
  engines: { docker: ComparedEngine; dvm: ComparedEngine },
  clients: readonly Client[],
  say: (text: string) => void,
): Promise<ClientResult[]> {
  const results: ClientResult[] = [];
  for (const client of clients) {
    const installed = await client.install().catch((error: unknown) => lastWords(error));
    if (typeof installed === "string") {
      say(`${client.name} is left out: ${installed}`);
      const left = `left out: ${installed}`;
      results.push({ client: client.name, title: "–", docker: left, dvm: left });
      continue;
    }
    const named = `${client.name} ${installed.version}`.trim();
    for (const [title, words] of Object.entries(client.checks)) {
      const docker = await check(engines.docker, installed, words);
      const dvm = await check(engines.dvm, installed, words);
      say(`${named}, ${title}: docker ${docker}, dvm ${dvm}`);
      results.push({ client: named, title, docker, dvm });
    }
  }
  return results;
}

async function check(
  engine: ComparedEngine,
  { environment = {} }: Installation,
  [script = "", ...words]: readonly string[],
): Promise<string> {
  const interpreter = interpreters[script.split(".").at(-1) ?? ""] ?? "sh";
  const program = [interpreter, join(import.meta.dirname, "scripts", script), ...words];
  const run = runProgram(engine.within(program), {
    environment: {
      ...process.env,
      ...{ DOCKER_HOST: `unix://${engine.socket}`, NODE: process.execPath, ...environment },
    },
    deadlineMs: checkDeadlineMs,
  });
  return run.then(
    () => "passed",
    (error: unknown) => `failed: ${lastWords(error)}`,
  );
}

/** The last of what is said, without what is another one each time. */
function lastWords(error: unknown): string {
  const lines = describeError(error)
    .replace(/^cannot run .*?: exit code \d+: /s, "")
    .replace(/time="[^"]*" /g, "")
    .trim()
    .split("\n");
  return lines.at(-1)?.trim().slice(0, 200) ?? "";
}
