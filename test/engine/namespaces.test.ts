import assert from "node:assert/strict";
import { hostname } from "node:os";
import { after, before, suite, test } from "node:test";
import { asObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

let engine: TestEngine;
before(async () => {
  engine = await TestEngine.open();
});
after(() => engine[Symbol.asyncDispose]());

const create = (more: object) =>
  engine.api("POST", "/containers/create", { Image: testImage, Cmd: ["env"], ...more });
const inspected = async (id: unknown) => engine.succeeds("GET", `/containers/${String(id)}/json`);
/** What the guest was told of a container that is started now. */
const started = async (more: object) => {
  const { body } = await create(more);
  await engine.succeeds("POST", `/containers/${String(body["Id"])}/start`);
  return engine.script.setups.at(-1);
};

suite("namespaces", () => {
  test("modes are kept, and of the host's ones a warning tells what they are in a machine", async () => {
    const modes = { IpcMode: "host", PidMode: "host", UTSMode: "host", UsernsMode: "host" };
    const { status, body } = await create({ HostConfig: { ...modes, CgroupnsMode: "host" } });
    assert.equal(status, 201);
    assert.deepEqual(body["Warnings"], [
      "A machine cannot share the host's IPC namespace: the container has one of its own.",
      "A machine cannot share the host's PID namespace: the container has one of its own.",
      "A machine cannot share the host's cgroup namespace: the container has one of its own.",
    ]);
    const shown = asObject((await inspected(body["Id"]))["HostConfig"]);
    for (const [mode, value] of Object.entries(modes)) assert.equal(shown[mode], value, mode);
    assert.deepEqual(shown["SecurityOpt"], ["label=disable"]);
  });

  test("with the host's UTS mode a container has the host's name", async () => {
    assert.equal((await started({ HostConfig: { UTSMode: "host" } }))?.hostname, hostname());
  });

  test("shared memory is as large as asked, none at all, or half of the machine's memory", async () => {
    const bytes = async (HostConfig: object) => (await started({ HostConfig }))?.shmSizeBytes;
    assert.equal(await bytes({ ShmSize: 2 ** 20 }), 2 ** 20);
    assert.equal(await bytes({ IpcMode: "none" }), undefined);
    assert.equal(await bytes({ IpcMode: "host" }), 256 * 2 ** 20);
  });

  test("what is no mode, or can't be, is refused in Docker's words", async () => {
    for (const [HostConfig, message] of [
      [{ IpcMode: "odd" }, "invalid IPC mode: odd"],
      [{ PidMode: "private" }, "invalid PID mode: private"],
      [{ PidMode: "container:" }, "invalid PID mode: container:"],
      [{ PidMode: "container:absent" }, "No such container: absent"],
      [{ IpcMode: "container:absent" }, "No such container: absent"],
      [{ UTSMode: "odd" }, "invalid UTS mode: odd"],
      [{ CgroupnsMode: "odd" }, "invalid cgroup namespace mode: odd"],
      [{ OomScoreAdj: 1001 }, "Invalid value 1001, range for oom score adj is [-1000, 1000]"],
      [{ Runtime: "odd" }, "unknown or invalid runtime name: odd"],
      [{ Isolation: "odd" }, "invalid isolation (odd): linux only supports 'default'"],
      [
        { Annotations: { "": "x" } },
        "invalid Annotations: the empty string is not permitted as an annotation key",
      ],
    ] as const) {
      const { status, body } = await create({ HostConfig });
      assert.deepEqual([status, body["message"]], [400, message]);
    }
    const { body } = await create({ Hostname: "a", HostConfig: { UTSMode: "host" } });
    assert.equal(body["message"], "conflicting options: hostname and the UTS mode");
  });

  test("a setting of the kernel that is no container's own is refused at the start", async () => {
    for (const [name, words] of [
      ["kernel.panic", 'sysctl "kernel.panic" is not in a separate kernel namespace'],
      [
        "kernel.hostname",
        'sysctl "kernel.hostname" is not allowed as it conflicts with the OCI "hostname" field',
      ],
    ] as const) {
      const { body } = await create({ HostConfig: { Sysctls: { [name]: "1" } } });
      const answer = await engine.api("POST", `/containers/${String(body["Id"])}/start`);
      const runtime = "OCI runtime create failed: runc create failed: ";
      const message = `failed to create task for container: failed to create shim task: ${runtime}${words}`;
      assert.deepEqual([answer.status, answer.body["message"]], [500, message]);
    }
  });
});

suite("a container's card", () => {
  test("has the MAC address that was asked for", async () => {
    const { body } = await create({ MacAddress: "02-42-AC-11-00-99", Cmd: ["sleep", "1000"] });
    const id = String(body["Id"]);
    const bridge = async () =>
      asObject(asObject(asObject((await inspected(id))["NetworkSettings"])["Networks"])["bridge"]);
    assert.equal((await bridge())["MacAddress"], "02-42-AC-11-00-99");
    await engine.succeeds("POST", `/containers/${id}/start`);
    assert.equal((await bridge())["MacAddress"], "02:42:ac:11:00:99");
    assert.equal(engine.script.setups.at(-1)?.network.cards[0]?.mac, "02:42:ac:11:00:99");
  });

  test("is not there when networking is disabled", async () => {
    const { body } = await create({ NetworkDisabled: true, Cmd: ["sleep", "1000"] });
    await engine.succeeds("POST", `/containers/${String(body["Id"])}/start`);
    assert.deepEqual(engine.script.setups.at(-1)?.network.cards, []);
    const settings = asObject((await inspected(body["Id"]))["NetworkSettings"]);
    assert.deepEqual([settings["Networks"], settings["IPAddress"]], [{}, ""]);
  });

  test("has the settings that its endpoint asks for", async () => {
    const DriverOpts = {
      "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.forwarding=1",
    };
    const setup = await started({
      NetworkingConfig: { EndpointsConfig: { bridge: { DriverOpts } } },
    });
    assert.deepEqual(setup?.sysctls, { "net.ipv4.conf.eth0.forwarding": "1" });
  });

  test("is asked for in words that Docker refuses, or DVM", async () => {
    const endpoint = (bridge: object) => ({ NetworkingConfig: { EndpointsConfig: { bridge } } });
    for (const [body, status, message] of [
      [{ MacAddress: "odd" }, 400, "invalid config for network bridge: invalid MAC address odd"],
      [
        endpoint({ IPAMConfig: { IPv4Address: "x", IPv6Address: "y" }, Aliases: ["a"] }),
        400,
        [
          "invalid config for network bridge: invalid endpoint settings:",
          "* user specified IP address is supported on user defined networks only",
          "* network-scoped alias is supported only for containers in user defined networks",
          "* invalid IPv4 address: x",
          "* invalid IPv6 address: y",
          "* user specified IP address is supported only when connecting to networks with user configured subnets",
          "* user specified IP address is supported only when connecting to networks with user configured subnets",
        ].join("\n"),
      ],
      [
        { HostConfig: { NetworkMode: "host" } },
        501,
        "cannot use the host's network: a container has a machine of its own, with a network of its own\nports can be published with -p",
      ],
      [
        { HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "x" }] } } },
        400,
        'invalid port specification: "x"',
      ],
      [
        { HostConfig: { PortBindings: { "x/tcp": [{ HostPort: "1" }] } } },
        400,
        'invalid port specification: "x"',
      ],
    ] as const) {
      const answer = await create(body);
      assert.deepEqual([answer.status, answer.body["message"]], [status, message]);
    }
  });
});
