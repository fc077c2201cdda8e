import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, suite, test } from "node:test";
import { outputOf } from "../support/docker-output.ts";
import { machineOf } from "../support/fake-machine/faults.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
afterEach(async () => {
  engine.script.faults.clear();
  for (const { Id } of await engine.client.containers.list({ all: true }))
    await engine.client.containers.remove(String(Id), { force: true });
  assert.equal(engine.script.guests.size, 0);
  assert.deepEqual(await readdir(join(engine.root, "run/machines")), []);
});
after(() => engine?.[Symbol.asyncDispose]());

const post = (path: string) => engine.api("POST", `/containers/${path}`);
const withRoom = (Room: number) => ({ HostConfig: { Dvm: { Room } } });
const beside = (id: string) => ({ HostConfig: { NetworkMode: `container:${id}` } });

/** Two containers in one machine, each of which ends by 7 when it is asked to. */
async function together(): Promise<[string, string]> {
  const first = await engine.run(["polite", "7"], withRoom(1));
  const second = await engine.run(["polite", "7"], beside(first));
  for (const id of [first, second]) await engine.printed(id, "ready");
  assert.equal(engine.script.guests.size, 1);
  return [first, second];
}

const echo = async (id: string): Promise<string> => {
  const exec = await engine.client.execs.create(id, { Cmd: ["echo", "lives"], AttachStdout: true });
  return (await outputOf((await engine.client.execs.start(exec, { Detach: false })).socket)).stdout;
};

suite("containers of one machine", () => {
  test("have disks, limits and processes of their own", async () => {
    const [first, second] = await together();
    const guest = engine.guestOf(first);
    assert.equal(engine.guestOf(second), guest);
    const disks = [first, second].map((id) => guest?.containers.get(id)?.setup.disks);
    assert.equal(new Set(disks.flatMap((one) => Object.values(one ?? {}))).size, 4);
    const { Processes } = await engine.client.containers.top(second);
    assert.equal((Processes as unknown[]).length, 1);
    assert.equal(await echo(first), "lives\n");
    assert.equal(await echo(second), "lives\n");
    const inspected = await engine.client.containers.inspect(second);
    assert.equal(
      (inspected["HostConfig"] as { NetworkMode: string }).NetworkMode,
      `container:${first}`,
    );
  });

  for (const which of ["first", "second"] as const) {
    test(`one ends while the other goes on, the ${which} one before`, async () => {
      const [first, second] = await together();
      const [going, staying] = which === "first" ? [first, second] : [second, first];
      await engine.succeeds("POST", `/containers/${going}/stop`);
      assert.equal(await engine.status(going), "exited 7");
      assert.equal(engine.guestOf(going), undefined);
      assert.equal(await echo(staying), "lives\n");
      await engine.succeeds("POST", `/containers/${staying}/stop`);
      assert.equal(await engine.status(staying), "exited 7");
      assert.equal(await engine.logs(staying), "ready\nbye\n");
      assert.equal(engine.script.guests.size, 0);
    });
  }

  test("the place of one that has ended is another's, and its own again when it is free", async () => {
    const [first, second] = await together();
    const refused = await engine.create(["true"], beside(first));
    const answer = await post(`${refused}/start`);
    assert.equal(answer.status, 409);
    assert.match(String(answer.body["message"]), /it has no room for another container/);
    await engine.succeeds("POST", `/containers/${second}/stop`);
    await engine.succeeds("POST", `/containers/${refused}/start`);
    assert.equal(await engine.wait(refused), 0);
    await engine.succeeds("POST", `/containers/${second}/start`);
    assert.equal(await echo(second), "lives\n");
  });

  test("one stands still, is killed and removed without the other noticing", async () => {
    const [first, second] = await together();
    await engine.succeeds("POST", `/containers/${first}/pause`);
    assert.equal(await engine.status(first), "paused 0");
    assert.equal(await echo(second), "lives\n");
    await engine.succeeds("POST", `/containers/${first}/kill`);
    assert.equal(await engine.status(first), "exited 137");
    await engine.succeeds("DELETE", `/containers/${first}`);
    assert.equal(await echo(second), "lives\n");
  });

  test("a machine that dies takes all of them along", async () => {
    const [first, second] = await together();
    engine.guestOf(first)?.board.leave({ code: 1 });
    assert.deepEqual([await engine.wait(first), await engine.wait(second)], [255, 255]);
  });
});

suite("a daemon that comes back", () => {
  test("takes up both, and hears of one that ended meanwhile", async () => {
    const [first, second] = await together();
    await engine.endDaemon();
    await engine.guestOf(second)?.containers.get(second)?.main?.signal(15);
    await engine.startDaemon();
    assert.equal(await engine.wait(second), 7);
    assert.equal(await engine.logs(second), "ready\nbye\n");
    assert.equal(await engine.status(first), "running 0");
    assert.equal(await echo(first), "lives\n");
    await engine.succeeds("POST", `/containers/${second}/start`);
    assert.equal(await echo(second), "lives\n");
  });

  test("finds one that stands still beside one that runs", async () => {
    const [first, second] = await together();
    await engine.succeeds("POST", `/containers/${second}/pause`);
    await engine.endDaemon();
    await engine.startDaemon();
    assert.deepEqual(
      [await engine.status(first), await engine.status(second)],
      ["running 0", "paused 0"],
    );
    assert.equal(await echo(first), "lives\n");
    const guest = engine.guestOf(second);
    assert.equal(guest?.containers.get(second)?.isFrozen, true);
    await engine.succeeds("POST", `/containers/${second}/unpause`);
    assert.equal(await echo(second), "lives\n");
  });
});

suite("a container that can't be started beside another", () => {
  const cases = [
    { what: "cannot make it", at: "create", command: ["true"], status: 507 },
    { what: "cannot start its program", at: "start", command: ["true"], status: 507 },
    { what: "doesn't have its program", at: undefined, command: ["nope"], status: 400 },
  ] as const;
  for (const { what, at, command, status } of cases) {
    test(`as the guest ${what} leaves that as it was, and its place free`, async () => {
      const first = await engine.run(["polite", "7"], withRoom(1));
      const second = await engine.create([...command], beside(first));
      const refusal = { does: "refuse", status: "noSpace", message: "no room" } as const;
      if (at !== undefined) engine.script.faults.plan(at, refusal, machineOf(second));
      assert.equal((await post(`${second}/start`)).status, status);
      assert.equal((await engine.state(second))["Status"], "created");
      assert.equal(await echo(first), "lives\n");
      engine.script.faults.clear();
      const third = await engine.run(["echo", "works"], beside(first));
      assert.equal(await engine.wait(third), 0);
    });
  }

  test("that doesn't run is told so, and so is who asks for what only the other can have", async () => {
    const first = await engine.create(["polite", "7"], withRoom(1));
    const second = await engine.create(["true"], beside(first));
    const answer = await post(`${second}/start`);
    assert.equal(answer.status, 409);
    assert.match(
      String(answer.body["message"]),
      /cannot join network namespace of a non running container/,
    );
    const NetworkMode = `container:${first}`;
    for (const more of [{ PublishAllPorts: true }, { Dns: ["1.1.1.1"] }, { Dvm: { Room: 1 } }]) {
      const body = { Image: "made", Cmd: ["true"], HostConfig: { NetworkMode, ...more } };
      const refused = await engine.api("POST", "/containers/create", body);
      assert.equal(refused.status, 400);
      assert.match(String(refused.body["message"]), /^conflicting options: /);
    }
  });
});
