import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fixture } from "../test/support/cache.ts";
import { TestDaemon } from "../test/support/test-daemon.ts";
import { apiRun } from "./api-run.ts";
import { measure, measureInTurns, report, type Result } from "./measure.ts";
import { startDockerd, type Peer } from "./peer.ts";

const run = promisify(execFile);
const image = "dvm-fixture:small";
const archiveMiB = 300;

/**
 * Figures that anyone can repeat: each against a real dockerd in the same run, for machines are
 * noisy and only ratios travel. `npm test` must have filled the cache of kernels and fixtures.
 */
async function main(): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "dvm-bench-"));
  try {
    await using daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
    await using peer = await startDockerd(work);
    await peer?.docker(["load", "-i", fixture("small.docker-save.tar")]);
    const info = await daemon.succeeds(["info"]);
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}`);
    console.log(info.match(/(Accelerator|Kernel)\b.*$/gm)?.join("\n") ?? "");
    console.log(`peer: ${peer?.version ?? "none (dockerd is not installed)"}\n`);
    report([...(await startUp(daemon, peer)), ...(await loading(daemon, peer, work))]);
    console.log(`\ndaemon: ${await memory(daemon.pid)}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function startUp(daemon: TestDaemon, peer: Peer | undefined): Promise<Result[]> {
  const words = ["run", "--rm", "--entrypoint", "/bin/true", "--network", "none", image];
  const withNetwork = words.filter((word) => word !== "--network" && word !== "none");
  const socket = join(daemon.root, "run/dvm.sock");
  const body = { Image: image, Entrypoint: ["/bin/true"], HostConfig: { AutoRemove: true } };
  // in turns, so that both see the same noise
  const [byApi, byCli] = await measureInTurns(10, [
    () => apiRun(socket, body),
    () => daemon.succeeds(withNetwork),
  ]);
  const peerRun = peer && (await measure(10, () => peer.docker(words)));
  await daemon.succeeds(["run", "-d", "--name", "long", image, "sleep 1000"]);
  const exec = await measure(10, () => daemon.succeeds(["exec", "long", "true"]));
  await daemon.succeeds(["rm", "-f", "long"]);
  await peer?.docker(["run", "-d", "--network", "none", "--name", "long", image, "sleep 1000"]);
  const peerExec = peer && (await measure(10, () => peer.docker(["exec", "long", "true"])));
  await peer?.docker(["rm", "-f", "long"]);
  return [
    { what: "run --rm … true", ours: byCli, peer: peerRun },
    { what: "the same by the API, no CLI", ours: byApi },
    { what: "what the CLI adds", ours: byCli.map((ms, index) => ms - (byApi[index] ?? 0)) },
    { what: "exec … true", ours: exec, peer: peerExec },
  ];
}

/** The same archive, of real files of this machine, into both. */
async function loading(
  daemon: TestDaemon,
  peer: Peer | undefined,
  work: string,
): Promise<Result[]> {
  const archive = join(work, "archive.tar");
  await daemon.client("sh", ["-ec", makeArchive], { cwd: work });
  const ours = await measure(3, async () => {
    await daemon.succeeds(["load", "-i", archive]);
    await daemon.succeeds(["rmi", "bench:1"]);
  });
  const theirs =
    peer &&
    (await measure(3, async () => {
      await peer.docker(["load", "-i", archive]);
      await peer.docker(["rmi", "bench:1"]);
    }));
  const { stdout } = await run("stat", ["-c", "%s", archive]);
  const megabytes = Math.round(Number(stdout) / 1e6);
  return [{ what: `load and rmi of ${megabytes} MB`, ours, peer: theirs }];
}

/** A docker archive of one layer with some 300 MB of /usr, made by the tools that are there. */
const makeArchive = `
find /usr/lib /usr/share /usr/bin -xdev -type f -size -8M -readable 2>/dev/null | sort |
  xargs -d '\\n' stat -c '%s %n' | awk -v most=${archiveMiB * 2 ** 20} '{ sum += $1 + 1024; if (sum > most) exit; print substr($0, index($0, " ") + 1) }' > list
tar -cf layer.tar --no-recursion -T list 2>/dev/null
diff=$(sha256sum layer.tar | cut -d' ' -f1)
printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["true"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$diff" > config.json
printf '[{"Config":"config.json","RepoTags":["bench:1"],"Layers":["layer.tar"]}]' > manifest.json
tar -cf archive.tar config.json layer.tar manifest.json
rm layer.tar
`;

async function memory(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const mib = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024);
  return `${mib("VmRSS")} MiB now, ${mib("VmHWM")} MiB at most`;
}

await main();
