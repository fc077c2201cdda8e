import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runProgram } from "../measure/run-program.ts";
import type { Fixture } from "./fixture.ts";

/** Makes an image of one layer: what the shell `script` writes to `layer.tar` of its current folder. */
export async function makeArchive(
  folder: string,
  { image, script }: { image: string; script: string },
): Promise<Fixture> {
  await mkdir(folder);
  await runProgram(["sh", "-ec", script], { cwd: folder });
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(folder, "layer.tar")), hash);
  const config = {
    ...{ architecture: "amd64", os: "linux" },
    config: { Cmd: ["true"], Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${hash.digest("hex")}`] },
  };
  const manifest = [{ Config: "config.json", RepoTags: [image], Layers: ["layer.tar"] }];
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  const archive = join(folder, "archive.tar");
  await runProgram([
    "tar",
    "-cf",
    archive,
    "-C",
    folder,
    "config.json",
    "layer.tar",
    "manifest.json",
  ]);
  await rm(join(folder, "layer.tar"));
  return { image, archive };
}
