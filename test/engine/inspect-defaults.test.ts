import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { asObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

/** What dockerd 28.5.2 shows of a container for which nothing was asked, on a host with cgroup v2. */
const dockersHostConfig = {
  Binds: null,
  ContainerIDFile: "",
  LogConfig: { Type: "json-file", Config: {} },
  NetworkMode: "bridge",
  PortBindings: null,
  RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
  AutoRemove: false,
  VolumeDriver: "",
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: "private",
  Dns: null,
  DnsOptions: null,
  DnsSearch: null,
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: "private",
  Cgroup: "",
  Links: null,
  OomScoreAdj: 0,
  PidMode: "",
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: "",
  UsernsMode: "",
  ShmSize: 67_108_864,
  Runtime: "runc",
  Isolation: "",
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: "",
  BlkioWeight: 0,
  BlkioWeightDevice: null,
  BlkioDeviceReadBps: null,
  BlkioDeviceWriteBps: null,
  BlkioDeviceReadIOps: null,
  BlkioDeviceWriteIOps: null,
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: "",
  CpusetMems: "",
  Devices: null,
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: false,
  PidsLimit: null,
  Ulimits: null,
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  MaskedPaths: [
    ...["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys"],
    ...["/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug"],
    ...["/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"],
  ],
  ReadonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
};

test("of a plain container inspect shows every field, with Docker's defaults", async () => {
  await using engine = await TestEngine.open();
  const id = await engine.create(["true"]);
  const { HostConfig, Config, NetworkSettings } = await engine.succeeds(
    "GET",
    `/containers/${id}/json`,
  );
  assert.deepEqual(HostConfig, dockersHostConfig);
  const { Env: _, ...config } = asObject(Config);
  assert.deepEqual(config, {
    Hostname: id.slice(0, 12),
    Domainname: "",
    User: "",
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Cmd: ["true"],
    Image: testImage,
    Volumes: null,
    WorkingDir: "",
    Entrypoint: null,
    OnBuild: null,
    Labels: {},
  });
  assert.deepEqual(asObject(asObject(NetworkSettings)["Networks"]), {
    bridge: {
      IPAMConfig: null,
      Links: null,
      Aliases: null,
      MacAddress: "",
      DriverOpts: null,
      GwPriority: 0,
      NetworkID: "",
      EndpointID: "",
      Gateway: "",
      IPAddress: "",
      IPPrefixLen: 0,
      IPv6Gateway: "",
      GlobalIPv6Address: "",
      GlobalIPv6PrefixLen: 0,
      DNSNames: null,
    },
  });
});

test("a privileged one sees all paths, and has no label; what was given is shown as it was given", async () => {
  await using engine = await TestEngine.open();
  const id = await engine.create(["true"], {
    StopTimeout: 0,
    OnBuild: [],
    Healthcheck: {},
    HostConfig: {
      ...{ Privileged: true, Binds: [], Mounts: [], Sysctls: {}, PortBindings: {}, Dns: [] },
      ...{ PidsLimit: -1, Memory: 8_000_000, Init: false },
    },
  });
  const { HostConfig, Config } = await engine.succeeds("GET", `/containers/${id}/json`);
  assert.deepEqual(HostConfig, {
    ...dockersHostConfig,
    ...{ Privileged: true, MaskedPaths: null, ReadonlyPaths: null, Binds: [], Dns: [] },
    ...{ SecurityOpt: ["label=disable"], PortBindings: {}, Init: false },
    ...{ Memory: 8_000_000, MemorySwap: 16_000_000 },
  });
  const config = asObject(Config);
  assert.deepEqual([config["StopTimeout"], config["OnBuild"], config["Healthcheck"]], [0, [], {}]);
});

test("ids of a run's network are there while it goes on, a path of the log from the first start on", async () => {
  await using engine = await TestEngine.open();
  const id = await engine.create(["sleep", "1000"]);
  const looked = async () => {
    const { NetworkSettings, LogPath } = await engine.succeeds("GET", `/containers/${id}/json`);
    const settings = asObject(NetworkSettings);
    const bridge = asObject(asObject(settings["Networks"])["bridge"]);
    return [settings["SandboxID"], settings["EndpointID"], bridge["EndpointID"], LogPath].map(
      String,
    );
  };
  assert.deepEqual(await looked(), ["", "", "", ""]);
  await engine.succeeds("POST", `/containers/${id}/start`);
  const [sandbox = "", endpoint = "", inBridge, path = ""] = await looked();
  assert.match(sandbox, /^[0-9a-f]{64}$/);
  assert.match(endpoint, /^[0-9a-f]{64}$/);
  assert.equal(inBridge, endpoint);
  assert.notEqual(sandbox, endpoint);
  assert.match(path, /^\/.*\.log$/);
  assert.deepEqual(await looked(), [sandbox, endpoint, inBridge, path]);
  await engine.succeeds("POST", `/containers/${id}/stop?t=0`);
  assert.deepEqual(await looked(), ["", "", "", path]);
});

test("the files that a start writes to /etc are named once there was one", async () => {
  await using engine = await TestEngine.open();
  const id = await engine.create(["sleep", "600"], {
    Hostname: "named",
    Domainname: "example.org",
    HostConfig: { ExtraHosts: ["db:10.1.2.3"], Dns: ["9.9.9.9"], DnsSearch: ["example.org"] },
  });
  const paths = async () => {
    const shown = await engine.succeeds("GET", `/containers/${id}/json`);
    return ["HostnamePath", "HostsPath", "ResolvConfPath"].map((name) => String(shown[name]));
  };
  assert.deepEqual(await paths(), ["", "", ""]);
  await engine.succeeds("POST", `/containers/${id}/start`);
  const [hostname, hosts, resolver] = await Promise.all(
    (await paths()).map((path) => readFile(path, "utf8")),
  );
  assert.equal(hostname, "named\n");
  assert.match(hosts ?? "", /^10\.1\.2\.3\tdb\n10\.0\.2\.15\tnamed\.example\.org named\n$/m);
  assert.match(resolver ?? "", /^nameserver 9\.9\.9\.9\nsearch example\.org\n\n/m);
});
