import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { staticBusybox } from "./made-guest.ts";
import { dockerArchive, makeTar, type MadeEntry } from "./tar.ts";
import type { TestDaemon } from "./test-daemon.ts";

const applets =
  "cat cut echo env grep hostname id ls mount pwd readlink rm sh sleep sort stat touch tr wc";

/**
 * Gives the daemon an image of busybox, whose /etc/passwd knows root and app (1000), and of
 * `entries`, which replace what is there.
 */
export async function loadMadeImage(
  daemon: TestDaemon,
  name: string,
  { entries, config = {} }: { entries: MadeEntry[]; config?: object },
): Promise<void> {
  const replaced = new Set(entries.map(({ path }) => path.replace(/\/$/, "")));
  const base = (await baseEntries()).filter(({ path }) => !replaced.has(path.replace(/\/$/, "")));
  const layer = makeTar([...base, ...entries]);
  const path = join(daemon.root, "made-image.tar");
  const whole = { Env: ["PATH=/bin"], Cmd: ["sh"], ...config };
  await writeFile(path, makeTar(dockerArchive([layer], { name: `${name}:latest`, config: whole })));
  await daemon.succeeds(["load", "-i", path]);
}

async function baseEntries(): Promise<MadeEntry[]> {
  return [
    folder("bin"),
    folder("etc"),
    folder("root", 0o700),
    folder("tmp", 0o1777),
    { path: "bin/busybox", mode: 0o755, content: await staticBusybox() },
    ...applets.split(" ").map((applet) => link(`bin/${applet}`, "busybox")),
    file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n"),
  ];
}

export function folder(path: string, mode = 0o755, uid = 0): MadeEntry {
  return { path: `${path}/`, type: "5", mode, uid };
}

export function file(path: string, content: string | Buffer, mode = 0o644): MadeEntry {
  return { path, content, mode };
}

export function link(path: string, target: string): MadeEntry {
  return { path, type: "2", link: target, mode: 0o777 };
}
