import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { PrivateHost } from "../../bench/peers/private-host.ts";
import { allClients } from "./clients/all-clients.ts";
import { checkClients, type ClientResult } from "./clients/client-check.ts";
import { differencesOf, type Difference } from "./compare/differences.ts";
import { dockerPrograms } from "./peer/docker-packages.ts";
import { Hub } from "./peer/hub.ts";
import { OurDaemon } from "./peer/our-daemon.ts";
import { RealDocker } from "./peer/real-docker.ts";
import { unexplained, writePage } from "./report/page.ts";
import type { ComparedEngine } from "./session/engine.ts";
import { runSession } from "./session/run-session.ts";

const usage = `npm run test:compat [-- --session] [--clients] [WORD …]

Starts a real dockerd and DVM, asks both the same, and compares. All of it writes
docs/compatibility.md; a part of it prints what differs.

  --session   the session of calls only; words name topics of it
  --clients   the clients only; words are in their names
`;

interface Engines {
  docker: ComparedEngine;
  dvm: ComparedEngine;
}

const say = (text: string) => console.error(`compat: ${text}`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      session: { type: "boolean" },
      clients: { type: "boolean" },
      help: { type: "boolean" },
    },
    allowPositionals: true,
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return;
  }
  const whole = values.session !== true && values.clients !== true;
  await using stack = new AsyncDisposableStack();
  const engines = await startBoth(stack);
  const { calls, differences, broken } =
    whole || values.session === true
      ? await compareSessions(engines, positionals)
      : { calls: 0, differences: [], broken: false };
  const clients = whole || values.clients === true ? await tryClients(engines, positionals) : [];
  const open = unexplained(differences);
  for (const one of open) console.log(lineOf(one));
  console.log(`${calls} calls, ${differences.length} differences, ${open.length} without a reason`);
  const versions = { docker: engines.docker.version, dvm: engines.dvm.version };
  if (whole) await writePage({ versions, calls, differences, clients });
  if (open.length > 0 || broken || clients.some(isWorse)) process.exitCode = 1;
}

async function startBoth(stack: AsyncDisposableStack): Promise<Engines> {
  const programs = await dockerPrograms();
  const host = stack.use(await PrivateHost.start());
  const work = await mkdtemp(join(tmpdir(), "dvm-peer-"));
  stack.defer(() => rm(work, { recursive: true, force: true }));
  const hub = stack.use(await Hub.start(host));
  const { here, inside } = hub.hosts;
  return {
    docker: stack.use(await RealDocker.start({ host, programs, work, mirror: inside })),
    dvm: stack.use(await OurDaemon.start(here)),
  };
}

async function compareSessions(
  engines: Engines,
  only: readonly string[],
): Promise<{ calls: number; differences: Difference[]; broken: boolean }> {
  const docker = await runSession(engines.docker, { only, say });
  const dvm = await runSession(engines.dvm, { only, say });
  for (const [topic, error] of [...docker.brokenOff, ...dvm.brokenOff])
    console.error(`broken off: ${topic}`, error);
  return {
    calls: docker.answers.size,
    differences: differencesOf(
      { answers: docker.answers, roots: [dirname(engines.docker.socket)] },
      { answers: dvm.answers, roots: [dirname(dirname(engines.dvm.socket))] },
    ),
    broken: docker.brokenOff.size + dvm.brokenOff.size > 0,
  };
}

/** Only those whose name holds one of the words, if any are given. */
function tryClients(engines: Engines, words: readonly string[]): Promise<ClientResult[]> {
  const wanted = allClients.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  return checkClients(engines, wanted, say);
}

/** What succeeds on Docker must on ours. */
function isWorse({ docker, dvm }: ClientResult): boolean {
  return docker === "passed" && dvm !== "passed";
}

function lineOf({ call, path, docker, dvm }: Difference): string {
  const shown = (value: unknown) => (JSON.stringify(value) ?? "nothing").slice(0, 300);
  return `${call}\n  ${path}\n    docker ${shown(docker)}\n    dvm    ${shown(dvm)}`;
}

await main();
