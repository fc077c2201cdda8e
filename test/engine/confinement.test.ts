import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { asObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

/** What the guest of a container is told of what its processes are kept from. */
async function confinementOf(HostConfig: object) {
  const id = await engine.run(["sleep", "600"], { HostConfig });
  const confinement = engine.script.setups.at(-1)?.confinement;
  const shown = asObject((await engine.succeeds("GET", `/containers/${id}/json`))["HostConfig"]);
  await engine.succeeds("POST", `/containers/${id}/kill`);
  assert(confinement !== undefined);
  return { ...confinement, shown };
}

/** How a start is refused; the container's exit code and error say the same. */
async function refusalOf(HostConfig: object): Promise<unknown[]> {
  const id = await engine.create(["sleep", "600"], { HostConfig });
  const { status, body } = await engine.api("POST", `/containers/${id}/start`);
  const { ExitCode, Error: error } = await engine.state(id);
  assert.deepEqual([ExitCode, error], [128, body["message"]]);
  return [status, error];
}

suite("what keeps a container's processes", () => {
  test("is a filter, Docker's paths and Docker's devices, if nothing else is said", async () => {
    const { filter, paths, devices, deviceRules, writableCgroups } = await confinementOf({});
    assert(filter !== undefined && filter.program.length > 2000);
    assert.equal(filter.required, false);
    assert.deepEqual([paths, devices, writableCgroups], [undefined, [], false]);
    assert.deepEqual(deviceRules?.slice(-1), [
      { kind: "c", major: 136, minor: undefined, access: "rwm" },
    ]);
  });

  test("is nothing for one that is privileged", async () => {
    const { filter, paths, deviceRules } = await confinementOf({ Privileged: true });
    assert.deepEqual([filter, deviceRules], [undefined, undefined]);
    assert.deepEqual(paths, { masked: [], readOnly: [] });
  });

  test("are the paths that it is given, of which none may be", async () => {
    const { paths, shown } = await confinementOf({ MaskedPaths: ["/etc/passwd"] });
    assert.deepEqual(paths?.masked, ["/etc/passwd"]);
    assert(paths?.readOnly.includes("/proc/sys"), "what isn't said is Docker's");
    assert.deepEqual(shown["MaskedPaths"], ["/etc/passwd"]);
    const none = await confinementOf({ MaskedPaths: [], ReadonlyPaths: [] });
    assert.deepEqual(none.paths, { masked: [], readOnly: [] });
  });

  test("is a profile that was given, or none", async () => {
    const profile = JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW" });
    const { filter } = await confinementOf({ SecurityOpt: [`seccomp=${profile}`] });
    assert(filter !== undefined && filter.required && filter.program.length < 1000);
    assert.equal((await confinementOf({ SecurityOpt: ["seccomp=unconfined"] })).filter, undefined);
    const last = await confinementOf({ SecurityOpt: ["seccomp=unconfined", "seccomp=builtin"] });
    assert.notEqual(last.filter, undefined);
  });

  test("leaves cgroups to be written, where that is asked for", async () => {
    const isWritable = async (option: string) =>
      (await confinementOf({ SecurityOpt: [option] })).writableCgroups;
    for (const option of ["writable-cgroups", "writable-cgroups=true", "writable-cgroups=1"])
      assert.equal(await isWritable(option), true, option);
    assert.equal(await isWritable("writable-cgroups=0"), false);
  });

  test("lets through the devices that it is given, and those that rules name", async () => {
    const { devices, deviceRules } = await confinementOf({
      Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/none", CgroupPermissions: "rm" }],
      DeviceCgroupRules: ["b 7:* rw"],
    });
    assert.deepEqual(devices, [
      { source: { path: "/dev/null" }, target: "/dev/none", access: "rm" },
    ]);
    assert.deepEqual(deviceRules?.at(-1), { kind: "b", major: 7, minor: undefined, access: "rw" });
  });

  test("that can't be is refused at the start, in Docker's words", async () => {
    const device = (PathOnHost: string, CgroupPermissions = "rwm") => ({
      Devices: [{ PathOnHost, PathInContainer: "/dev/x", CgroupPermissions }],
    });
    const cases: [object, string][] = [
      [
        { SecurityOpt: ["seccomp=bad"] },
        "Decoding seccomp profile failed: invalid character 'b' looking for beginning of value",
      ],
      [
        { SecurityOpt: ['seccomp={"defaultAction":"X"}'] },
        "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: string X is not a valid action for seccomp",
      ],
      [{ DeviceCgroupRules: ["x 1:3 rwm"] }, "invalid device cgroup rule format: 'x 1:3 rwm'"],
      [
        device("/etc/passwd"),
        'error gathering device information while adding custom device "/etc/passwd": not a device node',
      ],
      [
        { DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }] },
        'could not select device driver "" with capabilities: [[gpu]]',
      ],
      [
        { DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["x.com/d=1"] }] },
        "CDI device injection failed: unresolvable CDI devices x.com/d=1",
      ],
    ];
    for (const [HostConfig, message] of cases)
      assert.deepEqual(await refusalOf(HostConfig), [500, message]);
  });

  test("says of options that nobody knows what Docker says, and takes those that do nothing", async () => {
    for (const [option, kind] of [
      ["foo", 1],
      ["seccomp", 1],
      ["systempaths=unconfined", 2],
      ["no-new-privileges=maybe", 2],
    ]) {
      const { status, body } = await engine.api("POST", "/containers/create", {
        ...{ Image: "fixture", Cmd: ["true"] },
        HostConfig: { SecurityOpt: [option] },
      });
      assert.deepEqual(
        [status, body["message"]],
        [500, `invalid --security-opt ${kind}: "${option}"`],
      );
    }
    const SecurityOpt = ["label=type:x", "apparmor=foo", "label:disable", "no-new-privileges:1"];
    await confinementOf({ SecurityOpt });
  });
});
