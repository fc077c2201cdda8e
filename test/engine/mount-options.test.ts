import assert from "node:assert/strict";
import { mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { asObject, asObjects } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

const asked = (HostConfig: object, more: object = {}) =>
  engine.api("POST", "/containers/create", {
    Image: testImage,
    Cmd: ["true"],
    HostConfig,
    ...more,
  });

async function refusal(HostConfig: object): Promise<unknown[]> {
  const { status, body } = await asked(HostConfig);
  return [status, body["message"]];
}

async function startRefusal(HostConfig: object): Promise<unknown[]> {
  const id = await engine.create(["true"], { HostConfig });
  const { status, body } = await engine.api("POST", `/containers/${id}/start`);
  return [status, body["message"]];
}

/** What the guest is told of the mounts of a container, and what inspect shows. */
async function mountsOf(HostConfig: object, more: object = {}) {
  const id = await engine.run(["sleep", "600"], { HostConfig, ...more });
  const mounts = engine.script.setups.at(-1)?.mounts ?? [];
  const shown = asObjects((await engine.succeeds("GET", `/containers/${id}/json`))["Mounts"]);
  await engine.succeeds("POST", `/containers/${id}/kill`);
  return { id, mounts, shown };
}

suite("volumes of other containers", () => {
  test("come with their modes, beaten by what is asked for itself", async () => {
    const folder = join(engine.root, "bound");
    await mkdir(folder);
    await engine.create(["true"], {
      name: "giver",
      HostConfig: { Binds: [`${folder}:/b`, "kept:/k:ro"] },
      Volumes: { "/anonymous": {} },
    });
    const { shown } = await mountsOf({ VolumesFrom: ["giver"], Binds: [`${engine.root}:/b`] });
    const byTarget = new Map(shown.map((mount) => [mount["Destination"], mount]));
    assert.deepEqual(new Set(byTarget.keys()), new Set(["/anonymous", "/b", "/k"]));
    assert.equal(byTarget.get("/b")?.["Source"], engine.root);
    assert.deepEqual([byTarget.get("/k")?.["RW"], byTarget.get("/k")?.["Mode"]], [false, ""]);
    const readOnly = await mountsOf({ VolumesFrom: ["giver:ro"] });
    assert(readOnly.shown.every(({ RW }) => RW === false));
  });

  test("that can't be had are refused in Docker's words", async () => {
    await engine.create(["true"], {
      name: "with-tmpfs",
      HostConfig: { Mounts: [{ Type: "tmpfs", Target: "/t" }] },
    });
    const cases: [string, number, string][] = [
      ["nosuch", 400, "No such container: nosuch"],
      ["", 400, "volumes-from specification cannot be an empty string"],
      [":ro", 400, 'invalid name or ID supplied: ""'],
      ["with-tmpfs:bogus", 400, "invalid mode: bogus"],
      ["with-tmpfs:rshared", 400, "invalid mode: rshared"],
      ["with-tmpfs:nocopy", 400, "invalid mode: nocopy"],
      ["with-tmpfs", 404, "get: no such volume"],
    ];
    for (const [from, status, message] of cases)
      assert.deepEqual(await refusal({ VolumesFrom: [from] }), [status, message]);
  });

  test("stay as long as somebody has them", async () => {
    const giver = await engine.create(["true"], { Volumes: { "/v": {} } });
    const taker = await engine.create(["true"], { HostConfig: { VolumesFrom: [giver] } });
    const volumes = async () =>
      asObjects((await engine.succeeds("GET", "/volumes"))["Volumes"]).length;
    const before = await volumes();
    await engine.succeeds("DELETE", `/containers/${giver}?v=1`);
    assert.equal(await volumes(), before);
    await engine.succeeds("DELETE", `/containers/${taker}?v=1`);
    assert.equal(await volumes(), before - 1);
  });
});

suite("parts of volumes", () => {
  const part = (Source: string, Subpath: string) => ({
    Mounts: [{ Type: "volume", Source, Target: "/x", VolumeOptions: { Subpath } }],
  });

  test("are mounted by the guest, inside of the volume", async () => {
    await engine.succeeds("POST", "/volumes/create", { Name: "parted" });
    const { Mountpoint } = await engine.succeeds("GET", "/volumes/parted");
    await mkdir(join(String(Mountpoint), "a/b"), { recursive: true });
    await symlink("/etc", join(String(Mountpoint), "out"));
    const { mounts } = await mountsOf(part("parted", "a/b"));
    assert.deepEqual([mounts[0]?.options, mounts[0]?.populate], ["a/b", false]);
    assert.deepEqual(await startRefusal(part("parted", "out")), [
      400,
      `path concatenation escapes the base directory, base: ${String(Mountpoint)}, subpath: out`,
    ]);
    const missing = join(String(Mountpoint), "nope");
    assert.deepEqual(await startRefusal(part("parted", "nope/below")), [
      404,
      `cannot access path ${missing}/below: lstat ${missing}: no such file or directory`,
    ]);
    assert.deepEqual(await startRefusal(part("parted", "nope")), [
      404,
      `cannot access path ${missing}: lstat ${missing}: no such file or directory`,
    ]);
  });

  test("that lead out by their words are refused", async () => {
    const why =
      'invalid mount config for type "volume": subpath must be a relative path within the volume';
    for (const path of ["../x", "/a", "a/../../b"])
      assert.deepEqual(await refusal(part("parted", path)), [400, why]);
    assert.deepEqual(await refusal(part("", "a")), [
      400,
      'invalid mount config for type "volume": must not set Subpath when using anonymous volumes',
    ]);
  });
});

suite("options of mounts", () => {
  test("a volume begins empty where that is asked for", async () => {
    const { mounts, shown } = await mountsOf({ Binds: ["bare:/n:nocopy"] });
    assert.equal(mounts[0]?.populate, false);
    assert.equal(shown[0]?.["Mode"], "nocopy");
    const Mounts = [
      { Type: "volume", Source: "bare2", Target: "/n", VolumeOptions: { NoCopy: true } },
    ];
    assert.equal((await mountsOf({ Mounts })).mounts[0]?.populate, false);
  });

  test("a volume is made with the labels and options that its mount has", async () => {
    const VolumeOptions = {
      Labels: { a: "b" },
      DriverConfig: { Name: "local", Options: { size: "0" } },
    };
    await engine.create(["true"], {
      HostConfig: { Mounts: [{ Type: "volume", Source: "made", Target: "/v", VolumeOptions }] },
    });
    const { Labels, Options } = await engine.succeeds("GET", "/volumes/made");
    assert.deepEqual([Labels, Options], [{ a: "b" }, { size: "0" }]);
  });

  test("a driver that there isn't is named", async () => {
    const words = (name: string) =>
      `create ${name}: error looking up volume plugin other: plugin "other" not found`;
    assert.deepEqual(await refusal({ VolumeDriver: "other", Binds: ["vd:/x"] }), [
      404,
      words("vd"),
    ]);
    const VolumeOptions = { DriverConfig: { Name: "other" } };
    const Mounts = [{ Type: "volume", Source: "ve", Target: "/x", VolumeOptions }];
    assert.deepEqual(await refusal({ Mounts }), [404, words("ve")]);
  });

  test("a bind's source is made where that is asked for", async () => {
    const Source = join(engine.root, "made-by-mount");
    const Mounts = [
      { Type: "bind", Source, Target: "/x", BindOptions: { CreateMountpoint: true } },
    ];
    await mountsOf({ Mounts });
    assert((await stat(Source)).isDirectory());
  });

  test("propagation is shown; what the host's mounts can't do Docker's words refuse", async () => {
    const bind = (BindOptions: object, ReadOnly = false) => ({
      Mounts: [{ Type: "bind", Source: engine.root, Target: "/x", ReadOnly, BindOptions }],
    });
    const { shown } = await mountsOf(bind({ Propagation: "private" }));
    assert.equal(shown[0]?.["Propagation"], "private");
    assert.deepEqual(await refusal(bind({ Propagation: "bogus" })), [
      400,
      'invalid mount config for type "bind": invalid propagation mode: bogus',
    ]);
    const [status, message] = await startRefusal(bind({ Propagation: "rshared" }));
    assert.match(
      `${String(status)} ${String(message)}`,
      /^(500 path .* is not a shared mount|501 cannot mount .* never the host's)$/,
    );
    assert.deepEqual(await startRefusal(bind({ ReadOnlyForceRecursive: true })), [
      500,
      "mount options conflict: !ReadOnly && BindOptions.ReadOnlyForceRecursive",
    ]);
    await mountsOf(bind({ ReadOnlyForceRecursive: true }, true));
    await mountsOf(bind({ NonRecursive: true }));
  });

  test("a tmpfs has its size, mode and flags", async () => {
    const TmpfsOptions = { SizeBytes: 1_048_576, Mode: 0o700, Options: [["exec"]] };
    const { mounts, shown } = await mountsOf({
      Mounts: [{ Type: "tmpfs", Target: "/t", TmpfsOptions }],
    });
    assert.equal(mounts[0]?.options, "mode=700,size=1048576,exec");
    assert.equal(shown.length, 1);
    assert.equal((await mountsOf({ Tmpfs: { "/t": "" } })).shown.length, 0);
  });

  test("an image is a disk of the machine's, mounted read-only, and kept as long as it is used", async () => {
    const Mounts = [
      { Type: "image", Source: testImage, Target: "/i", ImageOptions: { Subpath: "bin" } },
    ];
    const { status, body } = await asked({ Mounts });
    assert.deepEqual([status, body["Warnings"]], [201, ["Image mount is an experimental feature"]]);
    const { mounts, shown } = await mountsOf({ Mounts });
    assert.deepEqual([mounts[0]?.kind, mounts[0]?.options], ["image", "bin"]);
    const { Type, Name, RW, Propagation } = shown[0] ?? {};
    assert.deepEqual([Type, Name, RW, Propagation], ["image", testImage, false, "rprivate"]);
  });

  test("what doesn't fit its kind is refused in Docker's words", async () => {
    const cases: [object, string][] = [
      [
        { Type: "bind", Source: "/tmp", VolumeOptions: {} },
        'VolumeOptions must not be specified on mount type "bind"',
      ],
      [
        { Type: "volume", Source: "aa", BindOptions: {} },
        'BindOptions must not be specified on mount type "volume"',
      ],
      [{ Type: "foo" }, 'invalid mount config for type "foo": mount type unknown'],
      [{ Source: "/tmp" }, 'invalid mount config for type "": mount type unknown'],
      [
        { Type: "tmpfs", TmpfsOptions: { Options: [["uid", "5"]] } },
        'invalid mount config for type "tmpfs": invalid option: uid',
      ],
      [
        { Type: "image", Source: "" },
        'invalid mount config for type "image": field Source must not be empty',
      ],
    ];
    for (const [mount, message] of cases)
      assert.deepEqual(await refusal({ Mounts: [{ Target: "/x", ...mount }] }), [400, message]);
  });

  test("two of one target are refused, but for a tmpfs below a mount", async () => {
    const tmp = { Type: "tmpfs", Target: "/x" };
    const duplicates = [
      { Binds: ["/tmp:/x", "/etc:/x"] },
      { Binds: ["/tmp:/x"], Tmpfs: { "/x": "" } },
      { Binds: ["/tmp:/x"], Mounts: [tmp] },
      { Mounts: [tmp, tmp] },
    ];
    for (const HostConfig of duplicates)
      assert.deepEqual(await refusal(HostConfig), [400, "Duplicate mount point: /x"]);
    assert.equal((await asked({ Tmpfs: { "/x": "" }, Mounts: [tmp] })).status, 201);
  });
});

suite("volumes with options of the driver", () => {
  const make = async (body: object): Promise<unknown[]> => {
    const answer = await engine.api("POST", "/volumes/create", body);
    return [answer.status, answer.body["message"]];
  };

  test("are shown as they were made, and made once", async () => {
    const DriverOpts = { type: "tmpfs", device: "tmpfs", o: "size=1m" };
    const made = await engine.succeeds("POST", "/volumes/create", { Name: "opts", DriverOpts });
    assert.deepEqual([made["Options"], made["Labels"]], [DriverOpts, null]);
    const again = await engine.succeeds("POST", "/volumes/create", { Name: "opts" });
    assert.deepEqual(again["Options"], DriverOpts);
    const plain = await engine.succeeds("POST", "/volumes/create", {
      ...{ Name: "plain", DriverOpts: {}, Labels: {} },
    });
    assert.deepEqual([plain["Options"], plain["Labels"]], [{}, {}]);
  });

  test("that make no sense are refused in Docker's words", async () => {
    const cases: [object, string][] = [
      [{ foo: "x" }, 'invalid option: "foo"'],
      [{ type: "tmpfs" }, 'missing required option: "device"'],
      [{ device: "tmpfs" }, 'missing required option: "type"'],
      [{ o: "size=1m" }, 'missing required option: "device"'],
      [{ size: "1m" }, "quota size requested but no quota support"],
      [{ size: "x" }, "invalid size: 'x'"],
    ];
    for (const [DriverOpts, why] of cases)
      assert.deepEqual(await make({ Name: "bad", DriverOpts }), [400, `create bad: ${why}`]);
    assert.deepEqual(await make({ Name: "opts", Driver: "other" }), [
      404,
      'create opts: error looking up volume plugin other: plugin "other" not found',
    ]);
  });

  test("show what they are of while they are used, and lose nothing when they go", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("only root mounts");
    const device = join(engine.root, "device");
    await mkdir(device);
    await writeFile(join(device, "kept"), "");
    const DriverOpts = { type: "none", device, o: "bind" };
    const { Mountpoint } = await engine.succeeds("POST", "/volumes/create", {
      ...{ Name: "bound", DriverOpts },
    });
    const folder = String(Mountpoint);
    const id = await engine.run(["sleep", "600"], { HostConfig: { Binds: ["bound:/b"] } });
    assert.deepEqual(await readdir(folder), ["kept"]);
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
    await engine.succeeds("DELETE", "/volumes/bound");
    assert.deepEqual(await readdir(device), ["kept"]);
  });

  test("whose device isn't there fail the start in Docker's words", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("only root mounts");
    const DriverOpts = { type: "none", device: "/no/such/folder", o: "bind" };
    const made = await engine.succeeds("POST", "/volumes/create", { Name: "nowhere", DriverOpts });
    const folder = String(made["Mountpoint"]);
    assert.deepEqual(await startRefusal({ Binds: ["nowhere:/x"] }), [
      500,
      `error while mounting volume '${folder}': failed to mount local volume: mount /no/such/folder:${folder}, flags: 0x1000: no such file or directory`,
    ]);
  });

  test("events tell who uses a volume", async () => {
    const since = Math.floor(Date.now() / 1000);
    const id = await engine.run(["true"], { HostConfig: { Binds: ["told:/t:ro"] } });
    await engine.wait(id);
    const events = await engine.volumeEvents(since);
    const told = events.filter(({ Actor }) => asObject(Actor)["ID"] === "told");
    assert.deepEqual(
      told.map(({ Action, Actor }) => [Action, asObject(asObject(Actor)["Attributes"])]),
      [
        ["create", { driver: "local" }],
        [
          "mount",
          {
            ...{ driver: "local", container: id, destination: "/t" },
            ...{ "read/write": "false", propagation: "" },
          },
        ],
        ["unmount", { container: id, driver: "local" }],
      ],
    );
  });
});

suite("a disk of the container's own size", () => {
  test("is made with it, and what can't be is refused", async () => {
    const id = await engine.create(["true"], { HostConfig: { StorageOpt: { size: "100m" } } });
    const disk = await stat(join(engine.root, "data/containers", id, "scratch.img"));
    assert.equal(disk.size, 100 * 2 ** 20);
    assert.deepEqual(await refusal({ StorageOpt: { foo: "1G" } }), [500, "Unknown option foo"]);
    assert.deepEqual(await refusal({ StorageOpt: { size: "x" } }), [400, "invalid size: 'x'"]);
    assert.equal((await refusal({ StorageOpt: { size: "1m" } }))[0], 500);
  });
});

test("a mount that was asked for is shown without what it didn't ask for", async () => {
  const Mounts = [
    { Type: "tmpfs", Target: "/t", ReadOnly: false, TmpfsOptions: { SizeBytes: 0 } },
    {
      ...{ Type: "volume", Source: "shown", Target: "/x", Consistency: "default" },
      VolumeOptions: { NoCopy: false, Labels: {}, DriverConfig: { Name: "local", Options: {} } },
    },
  ];
  const id = await engine.create(["true"], { HostConfig: { Mounts } });
  const { HostConfig } = await engine.succeeds("GET", `/containers/${id}/json`);
  assert.deepEqual(asObject(HostConfig)["Mounts"], [
    { Type: "tmpfs", Target: "/t", TmpfsOptions: {} },
    {
      ...{ Type: "volume", Source: "shown", Target: "/x", Consistency: "default" },
      VolumeOptions: { DriverConfig: { Name: "local" } },
    },
  ]);
});
