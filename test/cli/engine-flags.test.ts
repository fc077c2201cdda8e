import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseFlags } from "../../src/cli/flags.ts";
import { containerFlags } from "../../src/cli/options/container-flags.ts";
import { createBody } from "../../src/cli/options/create-body.ts";
import { asObject } from "../../src/client/json.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function body(words: string[], cwd = "/") {
  const { flags, positionals } = parseFlags([...words, "busybox"], containerFlags, {
    stopAtFirstArgument: true,
  });
  return createBody(flags, positionals, { environment: {}, cwd, terminal: undefined });
}

async function hostConfig(words: string[], cwd?: string) {
  return asObject((await body(words, cwd))["HostConfig"]);
}

test("limits, restarts and logging are asked for as docker's CLI asks for them", async () => {
  const words = [
    ...["-c", "512", "--cpuset-cpus=0-1", "--cpu-period=100000", "--cpu-quota=50000"],
    ...["-m", "64m", "--memory-reservation", "32m", "--memory-swap", "-1", "--blkio-weight=300"],
    ...["--oom-kill-disable", "--oom-score-adj", "-500", "--memory-swappiness=0"],
    ...["--restart", "on-failure:3", "--log-driver=local", "--log-opt", "max-size=1m"],
    ...["--ipc", "shareable", "--pid=host", "--uts=host", "--userns=host", "--cgroupns=private"],
    ...["--annotation", "a=b", "--storage-opt", "size=1G", "--volumes-from", "x:ro"],
    ...["--link", "db", "--link", "db:alias", "--cgroup-parent=/x", "--runtime=runc"],
  ];
  assert.partialDeepStrictEqual(await hostConfig(words), {
    ...{ CpuShares: 512, CpusetCpus: "0-1", CpuPeriod: 100_000, CpuQuota: 50_000 },
    ...{ Memory: 64 * 2 ** 20, MemoryReservation: 32 * 2 ** 20, MemorySwap: -1, BlkioWeight: 300 },
    ...{ OomKillDisable: true, OomScoreAdj: -500, MemorySwappiness: 0 },
    RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
    LogConfig: { Type: "local", Config: { "max-size": "1m" } },
    ...{ IpcMode: "shareable", PidMode: "host", UTSMode: "host", UsernsMode: "host" },
    ...{ CgroupnsMode: "private", Annotations: { a: "b" }, StorageOpt: { size: "1G" } },
    ...{ VolumesFrom: ["x:ro"], Links: ["db:db", "db:alias"], CgroupParent: "/x" },
    Runtime: "runc",
  });
});

test("devices, their rules and their rates are asked for as docker's CLI asks for them", async () => {
  const words = [
    ...["--device=/dev/fuse", "--device=/dev/a:/dev/b:r", "--device=/dev/c:rw"],
    ...["--device-cgroup-rule", "c 1:3 rwm", "--device-read-bps", "/dev/vda:1mb"],
    ...["--device-write-iops", "/dev/vda:10", "--blkio-weight-device", "/dev/vda:200"],
    ...["--gpus", "all"],
  ];
  assert.partialDeepStrictEqual(await hostConfig(words), {
    Devices: [
      { PathOnHost: "/dev/fuse", PathInContainer: "/dev/fuse", CgroupPermissions: "rwm" },
      { PathOnHost: "/dev/a", PathInContainer: "/dev/b", CgroupPermissions: "r" },
      { PathOnHost: "/dev/c", PathInContainer: "/dev/c", CgroupPermissions: "rw" },
    ],
    DeviceCgroupRules: ["c 1:3 rwm"],
    BlkioDeviceReadBps: [{ Path: "/dev/vda", Rate: 2 ** 20 }],
    BlkioDeviceWriteIOps: [{ Path: "/dev/vda", Rate: 10 }],
    BlkioWeightDevice: [{ Path: "/dev/vda", Weight: 200 }],
    DeviceRequests: [{ Driver: "", Count: -1, Capabilities: [["gpu"]] }],
  });
});

test("health checks and addresses of the card are asked for where docker's CLI puts them", async () => {
  const made = await body([
    ...["--health-cmd", "true", "--health-interval=1m30s", "--health-retries=2"],
    ...["--mac-address", "92:d0:c6:0a:29:33", "--ip", "172.30.0.4", "--network-alias", "web"],
    ...["--network", "mine", "--network", "name=other,alias=x,gw-priority=2,driver-opt=a=b"],
  ]);
  assert.deepEqual(made["Healthcheck"], {
    ...{ Test: ["CMD-SHELL", "true"], Interval: 90e9, Timeout: 0 },
    ...{ StartPeriod: 0, StartInterval: 0, Retries: 2 },
  });
  assert.deepEqual(made["NetworkingConfig"], {
    EndpointsConfig: {
      mine: {
        ...{ MacAddress: "92:d0:c6:0a:29:33", Aliases: ["web"] },
        IPAMConfig: { IPv4Address: "172.30.0.4" },
      },
      other: { Aliases: ["x"], GwPriority: 2, DriverOpts: { a: "b" } },
    },
  });
  assert.deepEqual((await body(["--no-healthcheck"]))["Healthcheck"], { Test: ["NONE"] });
  assert.equal((await body([]))["NetworkingConfig"], undefined);
});

test("a seccomp profile's file is read, and system paths are opened by lists with nothing in them", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "p.json"), '{ "defaultAction": "SCMP_ACT_ALLOW" }\n');
  const words = ["seccomp=p.json", "no-new-privileges", "systempaths=unconfined"];
  const made = await hostConfig(
    words.flatMap((word) => ["--security-opt", word]),
    folder.path,
  );
  assert.deepEqual(made["SecurityOpt"], [
    'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}',
    "no-new-privileges",
  ]);
  assert.deepEqual([made["MaskedPaths"], made["ReadonlyPaths"]], [[], []]);
});

test("what docker's CLI refuses is refused in its words", async () => {
  const faults: [string[], string][] = [
    [
      ["--network-alias", "x"],
      "network-scoped aliases are only supported for user-defined networks",
    ],
    [
      ["--network", "a", "--network", "bridge"],
      "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
    ],
    [
      ["--network", "name=a,ip=10.0.0.2", "--ip", "10.0.0.3"],
      "conflicting options: cannot specify both --ip and per-network IPv4 address",
    ],
    [["--network", "a", "--network", "a"], 'network "a" is specified multiple times'],
    [["--restart", ":3"], "invalid restart policy format: no policy provided before colon"],
    [
      ["--restart", "always:x"],
      "invalid restart policy format: maximum retry count must be an integer",
    ],
    [
      ["--restart", "always", "--rm"],
      "conflicting options: cannot specify both --restart and --rm",
    ],
    [
      ["--no-healthcheck", "--health-cmd", "x"],
      "--no-healthcheck conflicts with --health-* options",
    ],
    [["--health-retries=-1"], "--health-retries cannot be negative"],
    [
      ["--health-interval", "5"],
      'invalid argument "5" for "--health-interval" flag: time: missing unit in duration "5"',
    ],
    [["--pid", "odd"], "--pid: invalid PID mode"],
    [["--cgroupns", "odd"], "--cgroupns: invalid CGROUP mode"],
    [["--mac-address", "x"], "x is not a valid mac address"],
    [["--log-driver=none", "--log-opt=a=b"], "invalid logging opts for driver none"],
    [["--memory-swappiness=200"], "invalid value: 200. Valid memory swappiness range is 0-100"],
    [["--device", "a:b:c:d"], "bad format for path: a:b:c:d"],
    [["--security-opt", "odd"], 'Invalid --security-opt: "odd"'],
    [
      ["--security-opt", "seccomp=/no/file"],
      "opening seccomp profile (/no/file) failed: open /no/file: no such file or directory",
    ],
    [
      ["--device-cgroup-rule", "x"],
      `invalid argument "x" for "--device-cgroup-rule" flag: invalid device cgroup format 'x'`,
    ],
  ];
  for (const [words, message] of faults)
    await assert.rejects(() => body(words), { message }, words.join(" "));
});
