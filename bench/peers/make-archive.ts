import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runProgram } from "../measure/run-program.ts";
import type { Fixture } from "./fixture.ts";

/**
 * Makes an image of the layers, in the order of their names, that the shell `script` writes to
 * `layer*.tar` of its current folder.
 */
export async function makeArchive(
  folder: string,
  { image, script }: { image: string; script: string },
): Promise<Fixture> {
  await mkdir(folder);
  await runProgram(["sh", "-ec", script], { cwd: folder });
  const layers = (await readdir(folder)).filter((name) => /^layer.*\.tar$/.test(name)).sort();
  const config = {
    ...{ architecture: "amd64", os: "linux" },
    config: { Cmd: ["true"], Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] },
    rootfs: {
      type: "layers",
      diff_ids: await Promise.all(layers.map((name) => digest(folder, name))),
    },
  };
  const manifest = [{ Config: "config.json", RepoTags: [image], Layers: layers }];
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  const archive = join(folder, "archive.tar");
  const parts = ["config.json", ...layers, "manifest.json"];
  await runProgram(["tar", "-cf", archive, "-C", folder, ...parts]);
  for (const name of layers) await rm(join(folder, name));
  return { image, archive };
}

async function digest(folder: string, name: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(folder, name)), hash);
  return `sha256:${hash.digest("hex")}`;
}
