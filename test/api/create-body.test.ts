import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCreateBody } from "../../src/api/schemas/create-container.ts";
import { checkRequest } from "../../src/engine/plan.ts";

/** Reads a body and looks at what it asks for, on a host of four CPUs. */
const checked = (body: unknown) =>
  checkRequest(parseCreateBody(body), { hostCpus: 4, findNetwork: () => undefined });

/** What docker's CLI 28 sends for `docker run busybox true`, as far as it matters here. */
const fromDocker = {
  Hostname: "",
  User: "",
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: ["true"],
  Image: "busybox",
  Volumes: {},
  WorkingDir: "",
  Entrypoint: null,
  Labels: {},
  HostConfig: {
    Binds: null,
    ContainerIDFile: "",
    LogConfig: { Type: "", Config: {} },
    NetworkMode: "default",
    PortBindings: {},
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    AutoRemove: false,
    ConsoleSize: [24, 80],
    CapAdd: null,
    CgroupnsMode: "",
    Dns: [],
    IpcMode: "",
    OomScoreAdj: 0,
    Privileged: false,
    ReadonlyRootfs: false,
    ShmSize: 0,
    NanoCpus: 0,
    BlkioDeviceReadBps: [],
    MemorySwap: 0,
    MemorySwappiness: -1,
    OomKillDisable: false,
    PidsLimit: 0,
    Ulimits: [],
    MaskedPaths: null,
  },
  NetworkingConfig: { EndpointsConfig: { default: { Aliases: null } } },
};

test("what docker's CLI sends for a plain run is taken as it is", () => {
  const { config, hostConfig } = parseCreateBody(fromDocker);
  assert.deepEqual(config.Cmd, ["true"]);
  assert.equal(config.Entrypoint, null);
  assert.equal(hostConfig.Binds, null);
  assert.doesNotThrow(() => checked(fromDocker));
});

test("what DVM does not do is refused by name, not ignored", () => {
  const withHost = (fields: object) => ({
    ...fromDocker,
    HostConfig: { ...fromDocker.HostConfig, ...fields },
  });
  for (const [field, value] of Object.entries({
    NetworkMode: "host",
  })) {
    assert.throws(
      () => checked(withHost({ [field]: value })),
      (error: unknown) => error instanceof Error && "code" in error && error.code === "unsupported",
      field,
    );
  }
});

test("what is asked of a network is kept", () => {
  const asked = (endpoint: object) => ({
    ...fromDocker,
    NetworkingConfig: { EndpointsConfig: { mine: endpoint } },
  });
  assert.deepEqual(parseCreateBody(asked({ Aliases: ["web"], IPAMConfig: null })).endpoints, {
    mine: {
      ...{ IPAMConfig: null, Links: null, Aliases: ["web"], MacAddress: "", DriverOpts: null },
      GwPriority: 0,
    },
  });
});

test("restart policy and log driver are kept as they were given", () => {
  const given = (hostConfig: object) =>
    checked({ ...fromDocker, HostConfig: hostConfig }).request.hostConfig;
  assert.deepEqual(given({}).RestartPolicy, { Name: "no", MaximumRetryCount: 0 });
  assert.deepEqual(given({ LogConfig: { Type: "json-file", Config: { tag: "x" } } }).LogConfig, {
    Type: "json-file",
    Config: { tag: "x" },
  });
  const always = { Name: "always", MaximumRetryCount: 0 };
  assert.deepEqual(given({ RestartPolicy: { Name: "always" } }).RestartPolicy, always);
  assert.throws(() => given({ LogConfig: { Type: "gelf" } }), { code: "invalid" });
  assert.throws(() => given({ RestartPolicy: { Name: "no", MaximumRetryCount: 3 } }), {
    code: "invalid",
  });
});

test("a body of the wrong shape is the caller's error, with the field's name", () => {
  assert.throws(() => parseCreateBody({ ...fromDocker, Env: "A=1" }), /Env/);
  assert.throws(() => parseCreateBody([]), /cannot unmarshal array/);
});

test("what dockerd takes no container for is refused in its words", () => {
  const empty = "config cannot be empty in order to create a container";
  for (const [body, message] of [
    [undefined, "invalid JSON: got EOF while reading request body"],
    [null, empty],
    [{}, empty],
    [{ ...fromDocker, Env: ["=x"] }, "invalid environment variable: =x"],
    [{ ...fromDocker, Env: [""] }, "invalid environment variable: "],
  ] as const)
    assert.throws(() => checked(body), { code: "invalid", message });
  for (const [HostConfig, message] of [
    [{ ShmSize: -1 }, "SHM size can not be less than 0"],
    [{ ExtraHosts: ["foo"] }, 'bad format for add-host: "foo"'],
    [
      { RestartPolicy: { Name: "odd" } },
      "invalid restart policy: unknown policy 'odd'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
    ],
    [
      { RestartPolicy: { Name: "on-failure", MaximumRetryCount: -1 } },
      "invalid restart policy: maximum retry count cannot be negative",
    ],
    [
      { RestartPolicy: { Name: "always", MaximumRetryCount: -1 } },
      "invalid restart policy: maximum retry count can only be used with 'on-failure' and cannot be negative",
    ],
    [
      { AutoRemove: true, RestartPolicy: { Name: "always" } },
      "can't create 'AutoRemove' container with restart policy",
    ],
    [{ LogConfig: { Type: "odd" } }, 'error looking up logging plugin odd: plugin "odd" not found'],
    [
      { LogConfig: { Type: "json-file", Config: { odd: "1" } } },
      "unknown log opt 'odd' for json-file log driver",
    ],
  ] as const)
    assert.throws(() => checked({ ...fromDocker, HostConfig }), {
      code: "invalid",
      message,
    });
});
