import assert from "node:assert/strict";
import { test } from "node:test";
import {
  committedConfig,
  runtimeConfig,
  type Commit,
} from "../../src/engine/files/committed-config.ts";
import { parseConfigOverrides } from "../../src/api/schemas/create-container.ts";

const config: Commit["config"] = {
  ...{ Hostname: "h", Domainname: "", User: "u", WorkingDir: "/w", Image: "parent:1" },
  ...{ AttachStdin: false, AttachStdout: true, AttachStderr: true, Tty: false },
  ...{ OpenStdin: false, StdinOnce: false, Entrypoint: ["/entry"], Cmd: ["one", "two"] },
  Env: ["A=1", "B=2"],
  Labels: { l: "1" },
  ExposedPorts: { "80/tcp": {} },
  Volumes: { "/v": {} },
  ...{ Healthcheck: null, ArgsEscaped: false, NetworkDisabled: false, MacAddress: "" },
  ...{ OnBuild: null, Shell: null },
};
const commit: Commit = {
  config,
  overrides: undefined,
  changes: [],
  author: "me",
  comment: "why",
  created: "2026-01-02T03:04:05.000Z",
};

test("a commit without wishes has the container's configuration", () => {
  const made = runtimeConfig(commit);
  assert.deepEqual(made, { ...config, StopSignal: undefined });
});

test("what is asked for goes before the container's, and lists and maps are joined", () => {
  const overrides = parseConfigOverrides({
    Env: ["B=3", "C=4"],
    Labels: { m: "2" },
    ExposedPorts: { "81/udp": {} },
    Cmd: ["three"],
    WorkingDir: "/x",
  });
  const made = runtimeConfig({ ...commit, overrides });
  assert.deepEqual([...(made.Env ?? [])].sort(), ["A=1", "B=3", "C=4"]);
  assert.deepEqual(made.Labels, { l: "1", m: "2" });
  assert.deepEqual(Object.keys(made.ExposedPorts), ["80/tcp", "81/udp"]);
  assert.deepEqual([made.Entrypoint, made.Cmd, made.WorkingDir], [["/entry"], ["three"], "/x"]);
  assert.equal(made.User, "u");
});

test("an entrypoint of the changes drops the command, unless they bring one", () => {
  const changed = (...changes: string[]) => runtimeConfig({ ...commit, changes });
  const alone = changed('ENTRYPOINT ["/new"]');
  assert.deepEqual([alone.Entrypoint, alone.Cmd], [["/new"], null]);
  const both = changed('ENTRYPOINT ["/new"]', 'CMD ["x"]');
  assert.deepEqual([both.Entrypoint, both.Cmd], [["/new"], ["x"]]);
  assert.deepEqual(changed("CMD echo hi").Cmd, ["/bin/sh", "-c", "echo hi"]);
  assert.throws(() => changed("RUN x"), /RUN is not a valid change command/);
});

test("history grows by an entry, and what the parent says besides is kept", () => {
  const parent = {
    architecture: "amd64",
    os: "linux",
    author: "somebody",
    "os.version": "1",
    config: { Healthcheck: { Test: ["NONE"] }, OnBuild: ["RUN x"], Cmd: ["old"] },
    history: [{ created_by: "first" }],
    rootfs: { type: "layers", diff_ids: ["sha256:a"] },
  };
  const made = JSON.parse(committedConfig(parent, commit, ["sha256:a", "sha256:b"]));
  assert.deepEqual(made.rootfs.diff_ids, ["sha256:a", "sha256:b"]);
  assert.deepEqual(made.history, [
    { created_by: "first" },
    { created: commit.created, author: "me", created_by: "one two", comment: "why" },
  ]);
  assert.equal(made["os.version"], "1");
  assert.equal(made.author, "me");
  assert.deepEqual(made.config.Healthcheck, { Test: ["NONE"] });
  assert.equal(made.config.OnBuild, null);
});
