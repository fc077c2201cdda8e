import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Installation } from "../compat/clients/client-check.ts";
import { ComposeProject, eventually } from "./compose-project.ts";
import { TestDaemon } from "./test-daemon.ts";
import { standIns } from "../stand-ins/image-table.ts";
import { writeStandIns } from "../stand-ins/make-archive.ts";

const timeout = 400_000;
const examples = join(import.meta.dirname, "../../examples");
/** Of the host's, any that is free. */
const environment = {
  NOTES_PORT: "0",
  JOBS_PORT: "0",
  JOBS_FILES_PORT: "0",
  JOBS_BEACON_PORT: "0",
};
/** Tests of both examples, by a version of compose. */
export function testExamples(version: string, install: () => Promise<Installation>): void {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await TestDaemon.start();
    const archive = join(daemon.root, "stand-ins.tar");
    await writeStandIns(archive, standIns);
    await daemon.succeeds(["load", "-i", archive]);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const opened = async (example: string) =>
    ComposeProject.open(daemon, {
      ...{ folder: join(examples, example), client: await install(), environment },
    });

  test(`${version}: web, database and cache come up in their order`, { timeout }, async () => {
    await using notes = await opened("notes");
    await tryNotes(notes);
  });

  test(`${version}: workers share a queue, a volume and fixed addresses`, { timeout }, async () => {
    await using jobs = await opened("jobs");
    await tryJobs(jobs);
  });
}

async function tryNotes(notes: ComposeProject): Promise<void> {
  await notes.compose("up", "-d");
  const url = `http://${await notes.address("proxy", 80)}/`;
  await eventually(
    () => fetched(url, "kept"),
    (text) => /"added": "kept"/.test(text),
  );
  await notes.compose("up", "-d", "--scale", "web=2");
  const servers = new Set<unknown>();
  await eventually(
    async () => servers.add((JSON.parse(await fetched(url)) as { server: unknown }).server),
    ({ size }) => size === 2,
  );
  await notes.compose("restart", "-t", "20", "database");
  await eventually(
    () => fetched(url),
    (text) => /"notes": \["kept"\]/.test(text),
  );
  const dump = await notes.compose("--profile", "tools", "run", "--rm", "backup");
  assert.match(dump, /^1\tkept\t/m);
  assert.match(await notes.compose("logs", "web"), /notes are served/);
}

async function tryJobs(jobs: ComposeProject): Promise<void> {
  await jobs.compose("up", "-d");
  const url = `http://${await jobs.address("api", 3000)}/`;
  for (const job of ["one", "two", "three"])
    await eventually(
      () => fetched(url, job),
      (text) => /"number":/.test(text),
    );
  await eventually(
    () => fetched(url),
    (text) => /"1.txt","2.txt","3.txt"/.test(text),
  );
  const files = await jobs.address("files", 80);
  assert.match(await fetched(`http://${files}/2.txt`), /^TWO by [0-9a-f]{12}\n$/);
  assert.equal(await echoed(await jobs.address("beacon", 7777, "udp")), "who is there");
  const hosts = await jobs.compose("exec", "-T", "api", "cat", "/etc/hosts");
  assert.match(hosts, /^10\.77\.0\.10\tapi-host$/m);
  assert.match(hosts, /^10\.77\.0\.99\tpartner\.example$/m);
  const mtu = await jobs.compose("exec", "-T", "api", "cat", "/sys/class/net/eth0/mtu");
  assert.equal(mtu.trim(), "1400");
}

async function fetched(url: string, body?: string): Promise<string> {
  const signal = AbortSignal.timeout(20_000);
  const method = body === undefined ? {} : { method: "POST", body };
  const response = await fetch(url, { signal, ...method });
  const text = await response.text();
  assert(response.ok, `${response.status}: ${text}`);
  return text;
}

async function echoed(address: string): Promise<string> {
  const [host = "", port] = address.split(":");
  const socket = createSocket("udp4");
  try {
    const answer = once(socket, "message", { signal: AbortSignal.timeout(30_000) });
    const timer = setInterval(() => socket.send("who is there", Number(port), host), 300);
    const [message]: Buffer[] = await answer.finally(() => clearInterval(timer));
    return String(message);
  } finally {
    socket.close();
  }
}
