import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCreateBody } from "../../src/api/schemas/create-container.ts";
import { parseUpdateBody } from "../../src/api/schemas/update-container.ts";

/** Bodies, and what dockerd 28.5.2 says that it cannot unmarshal. */
const refused: [string, string][] = [
  [
    '{"Image":"busybox","HostConfig":{"RestartPolicy":{"Name":5}}}',
    "number into Go struct field .HostConfig.RestartPolicy.Name of type container.RestartPolicyMode",
  ],
  [
    '{"Image":"busybox","HostConfig":{"RestartPolicy":5}}',
    "number into Go struct field .HostConfig.RestartPolicy of type container.RestartPolicy",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Binds":5}}',
    "number into Go struct field .HostConfig.Binds of type []string",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Binds":[5]}}',
    "number into .HostConfig.Binds.0 of type string",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Ulimits":[{"Name":"x","Soft":"a"}]}}',
    "string into Go struct field .HostConfig.Ulimits.0.Soft of type int64",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Ulimits":{"a":1}}}',
    "object into Go struct field .HostConfig.Ulimits of type []*units.Ulimit",
  ],
  [
    '{"Image":"busybox","HostConfig":{"PortBindings":{"80/tcp":{}}}}',
    "object into Go struct field .HostConfig.PortBindings.80~1tcp of type []nat.PortBinding",
  ],
  [
    '{"Image":"busybox","HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":80}]}}}',
    "number into Go struct field .HostConfig.PortBindings.80~1tcp.0.HostPort of type string",
  ],
  [
    '{"Image":"busybox","HostConfig":{"PortBindings":[]}}',
    "array into Go struct field .HostConfig.PortBindings of type nat.PortMap",
  ],
  [
    '{"Image":"busybox","Labels":["a"]}',
    "array into Go struct field .Labels of type map[string]string",
  ],
  ['{"Image":"busybox","Labels":{"a":1}}', "number into Go struct field .Labels.a of type string"],
  ['{"Image":"busybox","Tty":"true"}', "string into Go struct field .Tty of type bool"],
  ['{"Image":"busybox","Cmd":5}', "number into Go value of type string"],
  ['{"Image":"busybox","Cmd":{"a":5}}', "object into Go value of type string"],
  ['{"Image":"busybox","Cmd":[5]}', "array into Go value of type string"],
  [
    '{"Image":"busybox","Healthcheck":{"Test":"x"}}',
    "string into Go struct field .Healthcheck.Test of type []string",
  ],
  [
    '{"Image":"busybox","Healthcheck":5}',
    "number into Go struct field .Healthcheck of type v1.HealthcheckConfig",
  ],
  [
    '{"Image":"busybox","Healthcheck":{"Interval":"5s"}}',
    "string into Go struct field .Healthcheck.Interval of type time.Duration",
  ],
  ['{"Image":"busybox","StopTimeout":"5"}', "string into Go struct field .StopTimeout of type int"],
  [
    '{"Image":"busybox","ExposedPorts":[1]}',
    "array into Go struct field .ExposedPorts of type nat.PortSet",
  ],
  [
    '{"Image":"busybox","Volumes":["/x"]}',
    "array into Go struct field .Volumes of type map[string]struct {}",
  ],
  [
    '{"Image":"busybox","HostConfig":[]}',
    "array into Go struct field .HostConfig of type container.HostConfig",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Init":1}}',
    "number into Go struct field .HostConfig.Init of type bool",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Mounts":[{"Type":5}]}}',
    "number into Go struct field .HostConfig.Mounts.0.Type of type mount.Type",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Mounts":{}}}',
    "object into Go struct field .HostConfig.Mounts of type []mount.Mount",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Devices":["/dev/null"]}}',
    "string into .HostConfig.Devices.0 of type container.DeviceMapping",
  ],
  [
    '{"Image":"busybox","HostConfig":{"LogConfig":{"Config":{"a":1}}}}',
    "number into Go struct field .HostConfig.LogConfig.Config.a of type string",
  ],
  [
    '{"Image":"busybox","HostConfig":{"LogConfig":[]}}',
    "array into Go struct field .HostConfig.LogConfig of type container.LogConfig",
  ],
  [
    '{"Image":"busybox","HostConfig":{"ConsoleSize":"x"}}',
    "string into Go struct field .HostConfig.ConsoleSize of type [2]uint",
  ],
  [
    '{"Image":"busybox","HostConfig":{"ConsoleSize":["x"]}}',
    "string into .HostConfig.ConsoleSize.0 of type uint",
  ],
  [
    '{"Image":"busybox","HostConfig":{"NetworkMode":5}}',
    "number into Go struct field .HostConfig.NetworkMode of type container.NetworkMode",
  ],
  [
    '{"Image":"busybox","NetworkingConfig":5}',
    "number into Go struct field .NetworkingConfig of type network.NetworkingConfig",
  ],
  [
    '{"Image":"busybox","NetworkingConfig":{"EndpointsConfig":{"x":{"Aliases":5}}}}',
    "number into Go struct field .NetworkingConfig.EndpointsConfig.x.Aliases of type []string",
  ],
  [
    '{"Image":"busybox","NetworkingConfig":{"EndpointsConfig":{"x":5}}}',
    "number into Go struct field .NetworkingConfig.EndpointsConfig.x of type network.EndpointSettings",
  ],
  [
    '{"Image":"busybox","NetworkingConfig":{"EndpointsConfig":[]}}',
    "array into Go struct field .NetworkingConfig.EndpointsConfig of type map[string]*network.EndpointSettings",
  ],
  [
    '{"Image":"busybox","HostConfig":{"BlkioWeightDevice":[{"Path":5}]}}',
    "number into Go struct field .HostConfig.BlkioWeightDevice.0.Path of type string",
  ],
  [
    '{"Image":"busybox","HostConfig":{"BlkioWeight":70000}}',
    "number 70000 into Go struct field .HostConfig.BlkioWeight of type uint16",
  ],
  [
    '{"Image":"busybox","HostConfig":{"BlkioWeight":-1}}',
    "number -1 into Go struct field .HostConfig.BlkioWeight of type uint16",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Memory":1.5}}',
    "number 1.5 into Go struct field .HostConfig.Memory of type int64",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Memory":"x"}}',
    "string into Go struct field .HostConfig.Memory of type int64",
  ],
  [
    '{"Image":"busybox","HostConfig":{"OomScoreAdj":"x"}}',
    "string into Go struct field .HostConfig.OomScoreAdj of type int",
  ],
  [
    '{"Image":"busybox","HostConfig":{"DeviceRequests":[{"Count":"x"}]}}',
    "string into Go struct field .HostConfig.DeviceRequests.0.Count of type int",
  ],
  [
    '{"Image":"busybox","HostConfig":{"MemorySwappiness":"x"}}',
    "string into Go struct field .HostConfig.MemorySwappiness of type int64",
  ],
  [
    '{"Image":"busybox","HostConfig":{"IOMaximumIOps":-1}}',
    "number -1 into Go struct field .HostConfig.IOMaximumIOps of type uint64",
  ],
  [
    '{"Image":"busybox","HostConfig":{"Tmpfs":["/x"]}}',
    "array into Go struct field .HostConfig.Tmpfs of type map[string]string",
  ],
  ['{"Image":5}', "number into Go struct field .Image of type string"],
  ['{"Image":"busybox","Env":"x"}', "string into Go struct field .Env of type []string"],
  ["[]", "array into Go value of type container.CreateRequest"],
  ["5", "number into Go value of type container.CreateRequest"],
];

test("a field of the wrong type is refused in the words of Docker's decoder", () => {
  for (const [body, words] of refused)
    assert.throws(
      () => parseCreateBody(JSON.parse(body)),
      { code: "invalid", message: `invalid JSON: json: cannot unmarshal ${words}` },
      body,
    );
  assert.throws(() => parseUpdateBody({ Memory: "x" }), {
    code: "invalid",
    message:
      "invalid JSON: json: cannot unmarshal string into Go struct field UpdateConfig.Memory of type int64",
  });
});

test("names of fields may be written in any case, names of labels and networks are kept", () => {
  const { config, hostConfig, endpoints } = parseCreateBody({
    ...{ image: "a", LABELS: { hostConfig: "x" }, volumes: { "/Tty": {} } },
    hostconfig: { memory: 7, restartPolicy: { name: "always" }, sysctls: { Memory: "1" } },
    networkingConfig: { endpointsConfig: { aliases: { ALIASES: ["b"] } } },
  });
  assert.deepEqual([config.Image, config.Labels], ["a", { hostConfig: "x" }]);
  assert.deepEqual(config.Volumes, { "/Tty": {} });
  assert.deepEqual([hostConfig.Memory, hostConfig.RestartPolicy.Name], [7, "always"]);
  assert.deepEqual(hostConfig.Sysctls, { Memory: "1" });
  assert.deepEqual(endpoints["aliases"]?.Aliases, ["b"]);
});
