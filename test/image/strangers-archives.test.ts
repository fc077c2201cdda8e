import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { suite, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type ImageConfig, parseImageConfig } from "../../src/image/image-config.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { digestOf, dockerArchive, type MadeEntry, makeTar, streamOf } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/* Archives as other tools, old versions and people's hands make them: what dockerd 20.10 said to each. */

const layer = makeTar([
  { path: "etc/", type: "5" },
  { path: "etc/a", content: "A" },
]);
const upper = makeTar([{ path: "etc/b", content: "B" }]);
const nothing = Buffer.alloc(0);
const pack = (program: string, bytes: Buffer) => execFileSync(program, ["-c"], { input: bytes });

async function load(archive: Buffer) {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const loaded = await store.load(streamOf(archive));
  return loaded.map(({ id, references }) => ({ references, layers: store.find(id).layers }));
}

const made = (...layers: Buffer[]) => [
  { references: ["made:latest"], layers: layers.map(digestOf) },
];

/** An archive whose document is as `change` makes it of a plain one's. */
function changed(which: "configuration" | "manifest", change: (from: never) => unknown): Buffer {
  const parts = dockerArchive([layer]);
  const [content, configuration, manifest] = parts;
  if (content === undefined || configuration === undefined || manifest === undefined)
    throw new Error();
  const entry = which === "manifest" ? manifest : configuration;
  const from = JSON.parse(String(entry.content)) as never;
  return makeTar([
    ...parts.filter((part) => part !== entry),
    { ...entry, content: JSON.stringify(change(from)) },
  ]);
}

/** An archive of a layer that is there twice, the second time by a link. */
function linked(...entries: MadeEntry[]): Buffer {
  return makeTar([...entries, ...dockerArchive([layer, layer]).slice(2)]);
}

suite("layers", () => {
  const cases: Record<string, [archive: Buffer, layers: Buffer[]]> = {
    "of no bytes": [makeTar(dockerArchive([nothing, layer, nothing])), [nothing, layer, nothing]],
    "of two blocks of zeros": [makeTar(dockerArchive([Buffer.alloc(1024)])), [Buffer.alloc(1024)]],
    "of one block of zeros": [makeTar(dockerArchive([Buffer.alloc(512)])), [Buffer.alloc(512)]],
    "that are repeated": [makeTar(dockerArchive([layer, upper, layer])), [layer, upper, layer]],
    ...Object.fromEntries(
      [["xz"], ["bzip2"]].flatMap(([program = ""]) => [
        [`by ${program}`, [compressed(pack(program, layer), layer), [layer]]],
        [`of nothing, by ${program}`, [compressed(pack(program, nothing), nothing), [nothing]]],
        [`in an archive by ${program}`, [pack(program, makeTar(dockerArchive([layer]))), [layer]]],
      ]),
    ),
    "of nothing, by gzip": [compressed(gzipSync(nothing), nothing), [nothing]],
    "by zstd in an archive by zstd": [
      zstdCompressSync(compressed(zstdCompressSync(layer), layer)),
      [layer],
    ],
    "by xz with zeros behind it": [
      compressed(Buffer.concat([pack("xz", layer), Buffer.alloc(512)]), layer),
      [layer],
    ],
  };
  for (const [what, [archive, layers]] of Object.entries(cases))
    test(`${what} are taken`, async () => assert.deepEqual(await load(archive), made(...layers)));

  test("of no bytes are given back as they came", async () => {
    await using folder = await temporaryFolder();
    await using store = await ImageStore.open(folder.path);
    await store.load(streamOf(makeTar(dockerArchive([nothing, layer]))));
    const [first = ""] = store.find("made:latest").layers;
    assert.equal((await buffer(store.openLayerTar(first))).length, 0);
  });
});

function compressed(packed: Buffer, plain: Buffer): Buffer {
  return makeTar(dockerArchive([packed], { diffIds: [digestOf(plain)] }));
}

suite("paths", () => {
  const first = { path: "0/layer.tar", content: layer };
  const cases: Record<string, Buffer> = {
    "a link up and down": linked(first, { path: "1/layer.tar", type: "2", link: "../0/layer.tar" }),
    "a link from the archive's root": linked(first, {
      path: "1/layer.tar",
      type: "2",
      link: "/0/layer.tar",
    }),
    "a link of a folder": linked({ path: "0/", type: "5" }, first, {
      path: "1",
      type: "2",
      link: "0",
    }),
    "a link that comes first": linked(
      { path: "0/layer.tar", type: "2", link: "../1/layer.tar" },
      { path: "1/layer.tar", content: layer },
    ),
    "a hard link": linked(first, { path: "1/layer.tar", type: "1", link: "0/layer.tar" }),
    "a hard link that begins with a dot": linked(
      { path: "./0/layer.tar", content: layer },
      { path: "./1/layer.tar", type: "1", link: "./0/layer.tar" },
    ),
    "the last of several of a name": linked(
      { path: "1/layer.tar", type: "2", link: "nowhere" },
      { ...first, content: upper },
      first,
      { path: "1/layer.tar", content: layer },
    ),
  };
  for (const [what, archive] of Object.entries(cases))
    test(`${what} is followed`, async () =>
      assert.deepEqual(await load(archive), made(layer, layer)));

  for (const prefix of ["./", "/"])
    test(`${prefix} before them is none, in the tar and in the manifest`, async () => {
      const tar = dockerArchive([layer]).map((entry) => ({ ...entry, path: prefix + entry.path }));
      assert.deepEqual(await load(makeTar(tar)), made(layer));
      const inManifest = changed("manifest", ([one]: [{ Layers: string[] }]) => [
        { ...one, Layers: one.Layers.map((path) => prefix + path) },
      ]);
      assert.deepEqual(await load(inManifest), made(layer));
    });

  test("a configuration's may be any: that it isn't its digest is no fault", async () => {
    const edited = changed("configuration", (from: object) => ({ ...from, author: "by hand" }));
    assert.deepEqual(await load(edited), made(layer));
  });
});

suite("manifests", () => {
  const names = (RepoTags: unknown) =>
    changed("manifest", ([one]: [object]) => [{ ...one, RepoTags }]);
  const cases: [what: string, archive: Buffer, references: string[][]][] = [
    ["no names", names(null), [[]]],
    ["an empty list of names", names([]), [[]]],
    [
      "names left out",
      changed("manifest", ([{ Config, Layers }]: [Record<string, unknown>]) => [
        { Config, Layers },
      ]),
      [[]],
    ],
    ["a name twice", names(["made:1", "made:1"]), [["made:1"]]],
    ["a whole name", names(["docker.io/library/made:1"]), [["made:1"]]],
    [
      "a name with a digest that nobody knows",
      names([`made:1@sha256:${"a".repeat(64)}`]),
      [["made:1"]],
    ],
    ["nothing", changed("manifest", () => null), []],
    [
      "fields in lower case",
      changed("manifest", ([{ Config, RepoTags, Layers }]: [Record<string, unknown>]) => [
        { config: Config, repotags: RepoTags, layers: Layers },
      ]),
      [["made:latest"]],
    ],
    [
      "one image under two entries",
      changed("manifest", ([one]: [object]) => [
        { ...one, RepoTags: ["made:1"] },
        { ...one, RepoTags: ["made:2"] },
      ]),
      [["made:1", "made:2"]],
    ],
  ];
  for (const [what, archive, references] of cases)
    test(`with ${what} are taken`, async () =>
      assert.deepEqual(
        (await load(archive)).map((image) => image.references),
        references,
      ));

  for (const name of ["made", `made@sha256:${"a".repeat(64)}`])
    test(`with the name ${name.slice(0, 12)}, which has no tag, are refused`, async () => {
      const message = `cannot read the archive: invalid tag ${JSON.stringify(name)}`;
      await assert.rejects(load(names([name])), { message });
    });

  test("with 64 hexadecimal digits as name, which an id has, are refused", async () => {
    await assert.rejects(
      load(names([`${"a".repeat(64)}:1`])),
      /cannot specify 64-byte hexadecimal/,
    );
  });
});

suite("configurations", () => {
  const plain: ImageConfig = {
    user: "",
    exposedPorts: [],
    env: [],
    volumes: [],
    workingDir: "",
    labels: {},
  };
  const parsed = (config: unknown, more: object = {}) =>
    parseImageConfig(
      JSON.stringify({ architecture: "amd64", os: "linux", config, rootfs: {}, ...more }),
    );
  const cases: [what: string, config: unknown, expected: Partial<ImageConfig>][] = [
    ["none", undefined, {}],
    ["null", null, {}],
    [
      "nulls everywhere",
      {
        User: null,
        Env: null,
        Cmd: null,
        Entrypoint: null,
        ExposedPorts: null,
        Volumes: null,
        WorkingDir: null,
        Labels: null,
        StopSignal: null,
        OnBuild: null,
      },
      {},
    ],
    [
      "commands that are words",
      { Entrypoint: "/bin/sh -c x", Cmd: "" },
      { entrypoint: ["/bin/sh -c x"], cmd: [""] },
    ],
    [
      "nulls in lists",
      { Cmd: ["a", null], Env: ["A=1", null], Labels: { a: null } },
      { cmd: ["a", ""], env: ["A=1", ""], labels: { a: "" } },
    ],
    [
      "settings without names and values",
      { Env: ["A", "=x", "", "B=1", "B=2"] },
      { env: ["A", "=x", "", "B=1", "B=2"] },
    ],
    [
      "ports of any kind",
      { ExposedPorts: { "80": {}, "80/TCP": null, "x/y": {} } },
      { exposedPorts: ["80", "80/TCP", "x/y"] },
    ],
    [
      "names in another case",
      { USER: "me", env: ["A=1"], workingdir: "/w" },
      { user: "me", env: ["A=1"], workingDir: "/w" },
    ],
  ];
  for (const [what, config, expected] of cases)
    test(`of ${what}`, () => assert.deepEqual(parsed(config).config, { ...plain, ...expected }));

  test("without architecture and system, or with none, or none that is text", () => {
    for (const absent of [undefined, null, ""]) {
      const { architecture, os } = parsed({}, { architecture: absent, os: absent });
      assert.deepEqual([architecture, os], ["", "linux"]);
    }
  });

  test("of a root of another type than layers, or none", () => {
    for (const type of ["odd", "layers+base", undefined])
      assert.deepEqual(parsed({}, { rootfs: { type, diff_ids: null } }).layers, []);
  });

  for (const [what, config] of Object.entries<unknown>({
    "a number as entrypoint": { Entrypoint: 5 },
    "a number in a command": { Cmd: ["a", 5] },
    "a text as environment": { Env: "A=B" },
    "a number as user": { User: 1000 },
    "a list of ports": { ExposedPorts: ["80/tcp"] },
    "a list of volumes": { Volumes: ["/x"] },
    "a list of labels": { Labels: ["a=b"] },
    "a number as label": { Labels: { a: 1 } },
  }))
    test(`with ${what} are refused`, () =>
      assert.throws(() => parsed(config), {
        code: "damaged",
        message: /configuration is not valid/,
      }));

  for (const [what, change, says] of [
    ["windows", { os: "windows" }, /it is for "windows"/],
    ["a creation that is no time", { created: "yesterday" }, /created at "yesterday"/],
    ["a creation that is a day", { created: "2020-01-01" }, /created at "2020-01-01"/],
    [
      "more steps with a layer than layers",
      { history: [{}, null, { empty_layer: true }] },
      /its history has 2 steps/,
    ],
    ["no root", { rootfs: null }, /configuration is not valid/],
  ] as const)
    test(`with ${what} are refused`, async () => {
      await assert.rejects(
        load(changed("configuration", (from: object) => ({ ...from, ...change }))),
        says,
      );
    });

  test("with fewer steps than layers, or none, or null, are taken", async () => {
    for (const history of [[], null, [{ created: null, created_by: null, empty_layer: null }]])
      assert.deepEqual(
        await load(changed("configuration", (from: object) => ({ ...from, history }))),
        made(layer),
      );
  });
});
