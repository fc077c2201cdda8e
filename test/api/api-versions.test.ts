import assert from "node:assert/strict";
import { test } from "node:test";
import { adaptToVersion } from "../../src/api/schemas/adapt-to-version.ts";
import { parseCreateBody } from "../../src/api/schemas/create-container.ts";

const adapted = (body: object, version = "1.51") =>
  adaptToVersion(parseCreateBody({ Image: "a", ...body }), version);
const hostConfig = (HostConfig: object, version?: string) =>
  adapted({ HostConfig }, version).request.hostConfig;
const mac = "02:42:ac:11:00:99";
const other = "02:42:ac:11:00:98";

test("the default network is the bridge, with what is asked of it", () => {
  const { request } = adapted({
    HostConfig: { NetworkMode: "default" },
    NetworkingConfig: { EndpointsConfig: { default: { MacAddress: mac } } },
  });
  assert.equal(request.hostConfig.NetworkMode, "bridge");
  assert.deepEqual(Object.keys(request.endpoints), ["bridge"]);
  assert.equal(request.endpoints["bridge"]?.MacAddress, mac);
});

test("fields that came later are none to an older client", () => {
  assert.equal(hostConfig({ AutoRemove: true }, "1.24").AutoRemove, false);
  assert.equal(hostConfig({ AutoRemove: true }, "1.25").AutoRemove, true);
  assert.equal(hostConfig({}, "1.39").IpcMode, "shareable");
  assert.equal(hostConfig({}, "1.40").IpcMode, "");
  assert.deepEqual(hostConfig({ ConsoleSize: [3, 4] }, "1.41").ConsoleSize, [0, 0]);
  assert.deepEqual(hostConfig({ ConsoleSize: [3, 4] }, "1.42").ConsoleSize, [3, 4]);
  assert.equal(hostConfig({ KernelMemory: 7 }, "1.41").KernelMemory, 7);
  assert.equal(hostConfig({ KernelMemory: 7 }, "1.42").KernelMemory, 0);
  assert.equal(hostConfig({ Annotations: { a: "b" } }, "1.42").Annotations, null);
  const Healthcheck = { StartInterval: 5e9 };
  assert.deepEqual(adapted({ Healthcheck }, "1.43").request.config.Healthcheck, {});
  const NetworkingConfig = { EndpointsConfig: { bridge: { GwPriority: 7 } } };
  const priority = (version: string) =>
    adapted({ NetworkingConfig }, version).request.endpoints["bridge"]?.GwPriority;
  assert.deepEqual([priority("1.47"), priority("1.48")], [0, 7]);
});

test("an older client is refused what only newer ones may ask for", () => {
  const mount = (options: object) => ({
    HostConfig: { Mounts: [{ Type: "volume", Target: "/a", ...options }] },
  });
  const two = { NetworkingConfig: { EndpointsConfig: { a: {}, b: {} } } };
  for (const [body, version, message] of [
    [two, "1.43", "Container cannot be created with multiple network endpoints: a, b"],
    [
      mount({ VolumeOptions: { Subpath: "x" } }),
      "1.44",
      "VolumeOptions.Subpath needs API v1.45 or newer",
    ],
    [
      mount({ Type: "bind", BindOptions: { ReadOnlyForceRecursive: true } }),
      "1.43",
      "BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer",
    ],
    [
      mount({ BindOptions: {} }),
      "1.42",
      'BindOptions must not be specified on mount type "volume"',
    ],
  ] as const)
    assert.throws(() => adapted(body, version), { code: "invalid", message });
  assert.doesNotThrow(() => adapted(two, "1.44"));
});

test("the container's MAC address is its main endpoint's", () => {
  const { request, warnings } = adapted({ MacAddress: mac });
  assert.equal(request.config.MacAddress, "");
  assert.equal(request.endpoints["bridge"]?.MacAddress, mac);
  assert.deepEqual(warnings, [
    "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.",
  ]);
  const older = adapted({ MacAddress: mac }, "1.43");
  assert.equal(older.request.config.MacAddress, mac);
  assert.equal(older.request.endpoints["bridge"]?.MacAddress, mac);
  assert.deepEqual(older.warnings, []);
  const withEndpoint = { EndpointsConfig: { bridge: { MacAddress: other } } };
  assert.equal(
    adapted({ NetworkingConfig: withEndpoint }, "1.43").request.endpoints["bridge"]?.MacAddress,
    "",
  );
  for (const [body, version, message] of [
    [
      { MacAddress: mac, NetworkingConfig: withEndpoint },
      "1.44",
      "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty",
    ],
    [
      { MacAddress: mac, NetworkingConfig: { EndpointsConfig: { mine: {} } } },
      "1.44",
      "HostConfig.NetworkMode must match the identity of a network in NetworkSettings.Networks",
    ],
    [
      { MacAddress: mac, HostConfig: { NetworkMode: "none" } },
      "1.43",
      "conflicting options: mac-address and the network mode",
    ],
  ] as const)
    assert.throws(() => adapted(body, version), { code: "invalid", message });
});

test("settings of eth0 are its endpoint's, of older clients with a warning", () => {
  const HostConfig = {
    Sysctls: { "net.ipv4.conf.eth0.forwarding": "1", "net.core.somaxconn": "9" },
  };
  const { request, warnings } = adapted({ HostConfig }, "1.47");
  assert.deepEqual(request.hostConfig.Sysctls, { "net.core.somaxconn": "9" });
  const option = "com.docker.network.endpoint.sysctls";
  assert.deepEqual(request.endpoints["bridge"]?.DriverOpts, {
    [option]: "net.ipv4.conf.IFNAME.forwarding=1",
  });
  assert.deepEqual(warnings, [
    `Migrated sysctl "net.ipv4.conf.eth0.forwarding" to DriverOpts{"${option}":"net.ipv4.conf.IFNAME.forwarding=1"}.`,
  ]);
  assert.throws(() => adapted({ HostConfig }, "1.48"), {
    message: `interface specific sysctl setting "net.ipv4.conf.eth0.forwarding" must be supplied using driver option '${option}'`,
  });
});
