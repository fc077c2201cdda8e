import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../../../bench/measure/run-program.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { makeTar, type MadeEntry } from "../../support/tar.ts";

/** An image to push: one layer, and what runs of it. */
export interface HubImage {
  /** Without the registry: `library/busybox`. */
  repository: string;
  tags: string[];
  layer: Buffer;
  config: object;
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const folders = [
  "bin",
  "dev",
  "etc",
  "home",
  "proc",
  "root",
  "sys",
  "tmp",
  "usr",
  "usr/bin",
  "var",
  "var/opt",
];
const passwd = [
  "root:x:0:0:root:/root:/bin/sh",
  "daemon:x:1:1:daemon:/usr/sbin:/bin/false",
  "postgres:x:70:70:postgres:/var/lib/postgresql:/bin/sh",
  "nobody:x:65534:65534:nobody:/home:/bin/false",
  "",
].join("\n");
const group = [
  "root:x:0:",
  "daemon:x:1:",
  "postgres:x:70:",
  "users:x:100:",
  "nogroup:x:65534:",
  "",
].join("\n");

/** What clients pull in this session, under the names of Docker Hub; all of Debian's busybox. */
export async function hubImages(): Promise<HubImage[]> {
  const base = await busyboxTree();
  const withShell = (name: string, more: MadeEntry[]): Buffer =>
    makeTar([...base, { path: "etc/image-name", content: `${name}\n` }, ...more]);
  const plain = { Env: [path], WorkingDir: "/" };
  return [
    {
      repository: "library/busybox",
      tags: ["latest", "1.35"],
      layer: withShell("busybox", []),
      config: { ...plain, Cmd: ["sh"] },
    },
    ...["latest", "3.10"].map((tag) => ({
      repository: "library/alpine",
      tags: [tag],
      layer: withShell("alpine", [{ path: "etc/alpine-release", content: `${tag}\n` }]),
      config: { ...plain, Cmd: ["/bin/sh"] },
    })),
    {
      repository: "library/ubuntu",
      tags: ["latest"],
      layer: withShell("ubuntu", [script("bin/bash", 'exec /bin/sh "$@"')]),
      config: { ...plain, Cmd: ["/bin/bash"] },
    },
    {
      repository: "library/hello-world",
      tags: ["latest", "linux"],
      layer: withShell("hello-world", [script("hello", "echo 'Hello from Docker!'")]),
      config: { ...plain, Cmd: ["/hello"] },
    },
    {
      repository: "testcontainers/stand-in",
      tags: ["reaper"],
      layer: makeTar([{ path: "reaper", mode: 0o755, content: await reaper() }]),
      config: { ...plain, Entrypoint: ["/reaper"] },
    },
  ];
}

function script(name: string, line: string): MadeEntry {
  return { path: name, mode: 0o755, content: `#!/bin/sh\n${line}\n` };
}

/** Debian's busybox-static with a link for each of its programs, and the files that a root has. */
async function busyboxTree(): Promise<MadeEntry[]> {
  const program = (await runProgram(["sh", "-c", "command -v busybox"])).stdout.trim();
  const { stdout } = await runProgram([program, "--list"]);
  const applets = stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
  return [
    ...folders.map((name) => ({
      path: `${name}/`,
      type: "5",
      mode: name === "tmp" ? 0o1777 : 0o755,
    })),
    { path: "bin/busybox", mode: 0o755, content: await readFile(program) },
    ...applets.map((name) => ({
      path: `bin/${name}`,
      type: "1",
      mode: 0o755,
      link: "bin/busybox",
    })),
    { path: "etc/passwd", content: passwd },
    { path: "etc/group", content: group },
  ];
}

async function reaper(): Promise<Buffer> {
  await using work = await temporaryFolder();
  const program = join(work.path, "reaper");
  const flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-static"];
  await runProgram(["cc", ...flags, "-o", program, join(import.meta.dirname, "reaper.c")]);
  return await readFile(program);
}
