import assert from "node:assert/strict";
import { test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

test("update changes a container's limits, and events tell of it as docker's CLI does", async () => {
  await using daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  const id = (await daemon.succeeds(["create", "--name", "cc", "dvm-fixture:small"])).trim();
  const limits = ["-m", "64m", "--memory-swap", "128m", "--restart", "always"];
  assert.equal(await daemon.succeeds(["update", ...limits, "cc"]), "cc\n");
  const format = "{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}";
  assert.equal(await daemon.succeeds(["inspect", "-f", format, "cc"]), "67108864 always\n");

  const nothing = await daemon.dvm(["update", "cc"]);
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /you must provide one or more flags when using this command/);
  const missing = await daemon.dvm(["update", "-m", "64m", "nosuch"]);
  assert.match(missing.stderr, /No such container: nosuch/);

  const until = String(Math.floor(Date.now() / 1000) + 1);
  const asked = ["events", "--since", "1m", "--until", until, "--filter", "container=cc"];
  const lines = (await daemon.succeeds(asked)).trim().split("\n");
  const [created, updated] = lines;
  const moment = String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z`;
  assert.match(
    created ?? "",
    new RegExp(String.raw`${moment} container create ${id} \(.*image=dvm-fixture:small, .*name=cc`),
  );
  assert.match(updated ?? "", new RegExp(`${moment} container update ${id}`));
  const formatted = await daemon.succeeds([...asked, "--format", "{{.Action}} {{.Actor.ID}}"]);
  assert.equal(formatted, `create ${id}\nupdate ${id}\n`);
});
