import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { tarOf, type LayerEntry } from "../../test/support/tar-forms.ts";
import { timed } from "../measure/timed.ts";
import type { Fixture } from "../peers/fixture.ts";
import type { Row } from "../report/figure.ts";
import type { Bench } from "./section.ts";

const mergedFiles = 100_000;
const filesPerPackage = 40;
/** Sizes of files as a node_modules has them. */
const sizes = [120, 300, 400, 700, 800, 1500, 3000, 5000, 9000];

/** What the store takes of the disk, beside the tars of the layers; and what a tree of many files costs. */
export async function storing({ contenders, quick, say }: Bench, many: Fixture): Promise<Row[]> {
  const folder = join(contenders.work, "store");
  await mkdir(folder);
  say(`making a layer of ${mergedFiles} files`);
  const layer = join(folder, "layer.tar");
  await pipeline(Readable.from(packages()), createWriteStream(layer));
  try {
    return [
      ...(await diskUse(join(folder, "of-archive"), "30,000 files in 8 layers", {
        bytes: (await stat(many.archive)).size,
        fill: (store) => store.load(createReadStream(many.archive)),
      })),
      ...(await diskUse(join(folder, "of-layer"), `${mergedFiles} small files`, {
        bytes: (await stat(layer)).size,
        fill: (store) => store.importRootFs(createReadStream(layer)),
      })),
      await merging(join(folder, "of-layer"), quick ? 1 : 5),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function diskUse(
  root: string,
  what: string,
  { bytes, fill }: { bytes: number; fill: (store: ImageStore) => Promise<unknown> },
): Promise<Row[]> {
  await using store = await ImageStore.open(root);
  await fill(store);
  const key = { section: "loading", what: `on disk, ${what}`, unit: "MB" } as const;
  return [
    { ...key, of: "DVM", values: [(await store.diskBytes()) / 1e6] },
    { ...key, of: "its tars", values: [bytes / 1e6] },
  ];
}

/** From the layer's index to the disk's metadata, synced. */
async function merging(root: string, times: number): Promise<Row> {
  await using store = await ImageStore.open(root);
  const [image] = store.list();
  const values: number[] = [];
  for (let round = 0; round < times && image !== undefined; round += 1) {
    await rm(store.diskFolder(image.id), { recursive: true });
    values.push(await timed(() => store.disk(image.id)));
  }
  return {
    section: "loading",
    what: `merge of ${mergedFiles} files`,
    of: "DVM",
    unit: "ms",
    values,
  };
}

function* packages(): Generator<Buffer> {
  const end = tarOf([]).length;
  for (let first = 0; first < mergedFiles; first += filesPerPackage) {
    const folder = `app/node_modules/package-${first / filesPerPackage}`;
    const entries = Array.from({ length: filesPerPackage - 1 }, (_, index) =>
      entry(`${folder}/module-file-${index}.js`, sizes[(first + index) % sizes.length]),
    );
    yield tarOf([entry(`${folder}/`), ...entries]).subarray(0, -end);
  }
  yield tarOf([]);
}

function entry(path: string, bytes?: number): LayerEntry {
  const common = { path, uid: 0, gid: 0, mtime: [1_700_000_000, 0], form: "gnu" } as const;
  return bytes === undefined
    ? { ...common, type: "dir", mode: 0o755 }
    : { ...common, type: "file", mode: 0o644, content: Buffer.alloc(bytes, "x") };
}
