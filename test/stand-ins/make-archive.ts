import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runProgram } from "../../bench/measure/run-program.ts";
import { exists } from "../compat/peer/docker-packages.ts";
import { testCache } from "../support/cache.ts";
import { digestOf, makeTar, type MadeEntry } from "../support/tar.ts";
import type { StandIn } from "./image-table.ts";

const repository = join(import.meta.dirname, "../..");
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Layers of each base, in a script's words; made once, of the fixtures' Debian. */
const baseLayers = `
umoci unpack --image '${join(testCache, "fixtures/oci")}:debian' bundle >/dev/null
root=bundle/rootfs
rm -r $root/fixture
chmod 1777 $root/tmp
mkdir -p $root/usr/local/bin $root/usr/share/nginx/html $root/data $root/docker-entrypoint-initdb.d
for program in $root/usr/lib/postgresql/*/bin/*; do
  ln -s "\${program#$root}" "$root/usr/local/bin/\${program##*/}"
done
ln -s /usr/bin/python3 $root/usr/local/bin/python
rm -f $root/etc/nginx/sites-enabled/*
install -d -m 700 -o "$(grep ^postgres: $root/etc/passwd | cut -d: -f3)" $root/usr/share/cluster
rm -f $root/dev/null && mknod -m 666 $root/dev/null c 1 3
install -d -m 1777 $root/dev/shm
chroot $root setpriv --reuid postgres --regid postgres --clear-groups \\
  initdb -D /usr/share/cluster -U postgres --locale C.UTF-8 --no-sync >/dev/null
rm $root/dev/null
tar -C $root --numeric-owner --xattrs -cf debian.tar .
mkdir -p node/usr/local/bin busybox/bin busybox/etc
cp '${join(repository, "node_modules/node/bin/node")}' node/usr/local/bin/node
tar -C node --owner 0 --group 0 -cf node.tar .
cp $root/bin/busybox busybox/bin/busybox
for applet in $(busybox/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "busybox/bin/$applet"
done
install -d -m 1777 busybox/tmp
printf 'root:x:0:0:root:/root:/bin/sh\\nnobody:x:65534:65534::/:/bin/false\\n' >busybox/etc/passwd
printf 'root:x:0:\\n' >busybox/etc/group
tar -C busybox --owner 0 --group 0 -cf busybox.tar .
rm -r bundle node busybox
`;
const layersOf = {
  debian: ["debian.tar"],
  node: ["debian.tar", "node.tar"],
  busybox: ["busybox.tar"],
};

/** Writes a `docker save` archive of these images. */
export async function writeStandIns(archive: string, images: readonly StandIn[]): Promise<void> {
  const bases = await baseFolder();
  const work = `${archive}.parts`;
  await mkdir(work, { recursive: true });
  try {
    const manifest = [];
    for (const [index, image] of images.entries())
      manifest.push(await writeImage({ bases, work, index }, image));
    await writeFile(join(work, "manifest.json"), JSON.stringify(manifest));
    const used = [...new Set(images.flatMap(({ base }) => layersOf[base]))];
    const words = ["-C", bases, ...used, "-C", work, ...(await readdir(work))];
    await runProgram(["tar", "-cf", archive, ...words]);
  } finally {
    await rm(work, { recursive: true });
  }
}

async function writeImage(
  { bases, work, index }: { bases: string; work: string; index: number },
  { names, base, files = {}, links = {}, config }: StandIn,
): Promise<object> {
  const own = makeTar([
    ...(await Promise.all(Object.entries(files).map(entryOf))),
    ...Object.entries(links).map(([at, link]): MadeEntry => ({
      path: at.slice(1),
      type: "2",
      link,
      mode: 0o777,
    })),
  ]);
  const diffIds = [];
  for (const layer of layersOf[base])
    diffIds.push((await readFile(join(bases, `${layer}.digest`), "utf8")).trim());
  const whole = {
    ...{ architecture: "amd64", os: "linux", created: "2025-01-01T00:00:00Z" },
    config: { ...config, Env: [path, ...(config.Env ?? [])] },
    rootfs: { type: "layers", diff_ids: [...diffIds, digestOf(own)] },
  };
  await writeFile(join(work, `layer-${index}.tar`), own);
  await writeFile(join(work, `config-${index}.json`), JSON.stringify(whole));
  return {
    Config: `config-${index}.json`,
    RepoTags: names,
    Layers: [...layersOf[base], `layer-${index}.tar`],
  };
}

async function entryOf([at, from]: [string, string]): Promise<MadeEntry> {
  const content = await readFile(join(import.meta.dirname, from));
  return {
    path: at.slice(1),
    content,
    mode: content.subarray(0, 2).equals(hashBang) ? 0o755 : 0o644,
  };
}

const hashBang = Buffer.from("#!");

/** The bases' layers and their digests, kept by what they are made of. */
async function baseFolder(): Promise<string> {
  const fixtures = await readFile(join(testCache, "fixtures/oci/index.json"));
  const key = createHash("sha256").update(fixtures).update(baseLayers).digest("hex").slice(0, 16);
  const folder = join(testCache, `stand-ins-${key}`);
  if (await exists(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  await mkdir(work);
  await runProgram(["sh", "-ec", baseLayers], { cwd: work });
  for (const name of await readdir(work)) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(work, name)), hash);
    await writeFile(join(work, `${name}.digest`), `sha256:${hash.digest("hex")}\n`);
  }
  // another test may have been quicker
  await rename(work, folder).catch(() => rm(work, { recursive: true }));
  return folder;
}
