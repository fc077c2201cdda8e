import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { asObject, asObjects, type JsonObject } from "../../src/client/json.ts";
import { outputOf } from "../support/docker-output.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

/* What dockerd 28 answers to the same requests. */

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

type Refusal = readonly ["POST" | "DELETE", path: string, status: number, message: string];

async function refuses(refusals: readonly Refusal[]): Promise<void> {
  for (const [method, path, status, message] of refusals) {
    const answer = await engine.api(method, `/containers/${path}`);
    assert.deepEqual([answer.status, answer.body], [status, { message }], `${method} ${path}`);
  }
}

const bridgeOf = (inspected: JsonObject) =>
  asObject(asObject(asObject(inspected["NetworkSettings"])["Networks"])["bridge"]);

suite("dockerd's words and codes", () => {
  test("for a kill: the signal is looked at first", async () => {
    const id = await engine.create(["true"], { name: "still" });
    const cannot = "cannot kill container: ";
    await refuses([
      ["POST", "absent/kill", 404, `${cannot}absent: No such container: absent`],
      ["POST", "absent/kill?signal=NONE", 400, `${cannot}absent: invalid signal: NONE`],
      ["POST", "still/kill?signal=0", 400, `${cannot}still: invalid signal: 0`],
      [
        ...(["POST", "still/kill?signal=65", 400] as const),
        `${cannot}still: the linux daemon does not support signal 65`,
      ],
      ["POST", "still/kill", 409, `${cannot}still: container ${id} is not running`],
    ]);
    await engine.succeeds("DELETE", "/containers/still");
  });

  test("for names that can't be given", async () => {
    const other = await engine.create(["true"], { name: "other" });
    await engine.create(["true"], { name: "named" });
    const cannot = "Error when allocating new name: ";
    const rule = "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed";
    await refuses([
      ["POST", "named/rename", 400, "Neither old nor new names may be empty"],
      ["POST", "named/rename?name=", 400, "Neither old nor new names may be empty"],
      ["POST", "named/rename?name=/", 400, `${cannot}Invalid container name (/), ${rule}`],
      ["POST", "named/rename?name=a/b", 400, `${cannot}Invalid container name (/a/b), ${rule}`],
      [
        ...(["POST", "named/rename?name=/named", 400] as const),
        "Renaming a container with the same name as its current name",
      ],
      [
        ...(["POST", "named/rename?name=other", 409] as const),
        `${cannot}Conflict. The container name "/other" is already in use by container "${other}". You have to remove (or rename) that container to be able to reuse that name.`,
      ],
    ]);
    for (const name of ["named", "other"]) await engine.succeeds("DELETE", `/containers/${name}`);
  });

  test("for a restart and a stop that can't be", async () => {
    await engine.run(["sleep", "60"], { name: "runs" });
    await engine.create(["nope"], { name: "fails" });
    await refuses([
      ["POST", "runs/stop?signal=NONE", 500, "cannot stop container: runs: invalid signal: NONE"],
      [
        ...(["POST", "runs/restart?signal=NONE", 500] as const),
        "Cannot restart container runs: invalid signal: NONE",
      ],
      [
        ...(["POST", "fails/restart", 500] as const),
        'Cannot restart container fails: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH',
      ],
    ]);
    assert.equal(await engine.status("runs"), "running 0");
    for (const name of ["runs", "fails"])
      await engine.succeeds("DELETE", `/containers/${name}?force=1`);
  });

  test("for what a pause forbids", async () => {
    const id = await engine.create(["sleep", "60"], { name: "paused" });
    await refuses([
      ["POST", "paused/pause", 409, `container ${id} is not running`],
      ["POST", "paused/unpause", 500, `Container ${id} is not paused`],
    ]);
    await engine.succeeds("POST", "/containers/paused/start");
    await refuses([
      ["POST", "paused/unpause", 500, `Container ${id} is not paused`],
      [
        ...(["DELETE", "paused", 409] as const),
        'cannot remove container "paused": container is running: stop the container before removing or force remove',
      ],
    ]);
    await engine.succeeds("POST", "/containers/paused/pause");
    await refuses([
      ["POST", "paused/pause", 409, `Container ${id} is already paused`],
      [
        ...(["POST", "paused/attach?stream=1", 409] as const),
        "container paused is paused, unpause the container before attach",
      ],
      [
        ...(["DELETE", "paused", 409] as const),
        'cannot remove container "paused": container is paused and must be unpaused first',
      ],
    ]);
    await engine.succeeds("DELETE", "/containers/paused?force=1");
  });

  test("for mounts that say too little or too much", async () => {
    for (const [mount, why] of [
      [{ Type: "volume", Target: "" }, '"volume": field Target must not be empty'],
      [{ Type: "bind", Target: "/x" }, '"bind": field Source must not be empty'],
      [{ Type: "tmpfs", Source: "x", Target: "/x" }, '"tmpfs": field Source must not be specified'],
    ] as const) {
      const body = { Image: testImage, Cmd: ["true"], HostConfig: { Mounts: [mount] } };
      const answer = await engine.api("POST", "/containers/create", body);
      const message = `invalid mount config for type ${why}`;
      assert.deepEqual([answer.status, answer.body], [400, { message }]);
    }
  });

  test("for a removal of a link that is none: the container stays", async () => {
    await engine.create(["true"], { name: "linked" });
    await refuses([
      [
        ...(["DELETE", "linked?link=1&force=1", 500] as const),
        "Conflict, cannot remove the default link name of the container",
      ],
      ["DELETE", "absent?link=1", 404, "No such container: absent"],
    ]);
    await engine.succeeds("DELETE", "/containers/linked");
  });

  test("for a removal while another one is under way", async () => {
    await engine.run(["sleep", "60"], { name: "going" });
    const remove = () => engine.api("DELETE", "/containers/going?force=1");
    const answers = await Promise.all([remove(), remove()]);
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body["message"]]),
      [
        [204, undefined],
        [409, "removal of container going is already in progress"],
      ],
    );
    assert.equal((await remove()).status, 404);
  });

  test("for a size that is none, whether there is a terminal or not", async () => {
    await engine.run(["sleep", "60"], { name: "plain" });
    const out = 'invalid resize width "-1": value out of range';
    await refuses([
      ["POST", "plain/resize", 400, 'invalid resize height "": invalid syntax'],
      ["POST", "plain/resize?h=x&w=1", 400, 'invalid resize height "x": invalid syntax'],
      ["POST", "plain/resize?h=1&w=-1", 400, out],
    ]);
    await engine.succeeds("POST", "/containers/plain/resize?h=1&w=2");
    await engine.succeeds("DELETE", "/containers/plain?force=1");
  });

  test("for an exec that was started, or whose container stands still or has gone", async () => {
    const host = await engine.run(["sleep", "60"], { name: "host" });
    const add = async (Cmd: string[]) =>
      String((await engine.succeeds("POST", "/containers/host/exec", { Cmd }))["Id"]);
    const start = async (id: string) => {
      const answer = await engine.api("POST", `/exec/${id}/start`, { Detach: true });
      return [answer.status, answer.body["message"]];
    };
    const [sleeps, waits] = [await add(["sleep", "50"]), await add(["true"])];
    assert.deepEqual(await start(sleeps), [200, undefined]);
    assert.deepEqual(await start(sleeps), [409, `exec command ${sleeps} is already running`]);
    await engine.succeeds("POST", "/containers/host/pause");
    const paused = `Container ${host} is paused, unpause the container before exec`;
    assert.deepEqual(await start(waits), [409, paused]);
    await engine.succeeds("POST", "/containers/host/kill");
    assert.deepEqual(await start(sleeps), [409, `container ${host} is not running`]);
    await engine.succeeds("POST", "/containers/host/start");
    assert.deepEqual(await start(sleeps), [409, `exec command ${sleeps} has already run`]);
    await engine.succeeds("DELETE", "/containers/host?force=1");
    assert.equal((await engine.api("GET", `/exec/${sleeps}/json`)).status, 404);
  });

  test("for a wait that nobody knows, and a start with a body", async () => {
    await refuses([["POST", "absent/wait?condition=odd", 400, 'invalid condition: "odd"']]);
    const id = await engine.create(["true"]);
    const body = { HostConfig: {} };
    const answer = await engine.api("POST", `/containers/${id}/start`, body);
    assert.equal(answer.status, 400);
    assert.match(String(answer.body["message"]), /non-empty request body was deprecated/);
    await engine.succeeds("POST", `/containers/${id}/start`, {});
    await engine.wait(id);
  });
});

suite("as dockerd shows it", () => {
  test("an exec is told of with its command, and with its code when it is over", async () => {
    const id = await engine.run(["sleep", "60"]);
    const exec = { Cmd: ["exit", "3"], AttachStdout: true };
    const { Id } = await engine.succeeds("POST", `/containers/${id}/exec`, exec);
    const { socket } = await engine.client.execs.start(String(Id), { Detach: false });
    await outputOf(socket);
    const told = ["exec_create: exit 3", "exec_start: exit 3", "exec_die"];
    assert.deepEqual(await engine.events(id), ["create", "start", ...told]);
    assert.deepEqual(await engine.events(id, ["exec_start", "exec_die"]), told.slice(1));
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
  });

  test("an event has what old clients read, too", async () => {
    const id = await engine.create(["exit", "2"], { name: "told" });
    await engine.succeeds("POST", "/containers/told/start");
    await engine.wait(id);
    const [created, , died] = await engine.eventObjects(id);
    const { status, from, scope, id: of } = created ?? {};
    assert.deepEqual([status, of, from, scope], ["create", id, testImage, "local"]);
    const { execDuration, exitCode } = asObject(asObject(died?.["Actor"])["Attributes"]);
    assert.match(String(execDuration), /^\d$/);
    assert.equal(exitCode, "2");
    await engine.succeeds("DELETE", "/containers/told");
  });

  test("one that runs again still says when it was over before", async () => {
    const id = await engine.run(["sleep", "60"]);
    await engine.succeeds("POST", `/containers/${id}/kill`);
    const { FinishedAt } = await engine.state(id);
    await engine.succeeds("POST", `/containers/${id}/start`);
    assert.equal((await engine.state(id))["FinishedAt"], FinishedAt);
    await engine.endDaemon();
    await engine.startDaemon();
    assert.equal((await engine.state(id))["FinishedAt"], FinishedAt);
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
  });

  test("mounts and networks are shown with all that belongs to them", async () => {
    const HostConfig = {
      Binds: ["kept:/kept"],
      Tmpfs: { "/hidden": "" },
      Mounts: [{ Type: "tmpfs", Target: "/shown" }],
    };
    const id = await engine.create(["sleep", "60"], { Volumes: { "/own": {} }, HostConfig });
    const before = await engine.succeeds("GET", `/containers/${id}/json`);
    assert.deepEqual(
      asObjects(before["Mounts"]).map(({ Type, Destination, Mode }) => [Type, Destination, Mode]),
      [
        ["volume", "/kept", "z"],
        ["tmpfs", "/shown", ""],
        ["volume", "/own", ""],
      ],
    );
    assert.equal(bridgeOf(before)["NetworkID"], "");
    await engine.succeeds("POST", `/containers/${id}/start`);
    const bridge = bridgeOf(await engine.succeeds("GET", `/containers/${id}/json`));
    assert.deepEqual(
      [bridge["NetworkID"], bridge["IPPrefixLen"], bridge["IPAMConfig"], bridge["IPv6Gateway"]],
      [(await engine.succeeds("GET", "/networks/bridge"))["Id"], 24, null, ""],
    );
    await engine.succeeds("DELETE", `/containers/${id}?force=1&v=1`);
    await engine.succeeds("DELETE", "/volumes/kept");
  });

  test("arguments with spaces stand between quotes", async () => {
    const id = await engine.create(["echo", "two words", "one"]);
    const [listed] = await engine.client.containers.list({ all: true });
    assert.equal(asObject(listed)["Command"], "echo 'two words' one");
    await engine.succeeds("DELETE", `/containers/${id}`);
  });
});
