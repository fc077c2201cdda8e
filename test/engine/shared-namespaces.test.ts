import assert from "node:assert/strict";
import { after, afterEach, before, suite, test } from "node:test";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open({ can: { cards: ["user", "tap"] } });
});
afterEach(async () => {
  for (const { Id } of await engine.client.containers.list({ all: true }))
    await engine.client.containers.remove(String(Id), { force: true });
  assert.equal(engine.script.guests.size, 0);
});
after(() => engine?.[Symbol.asyncDispose]());

const forever = ["sleep", "600"];
const donor = (more: object = {}) =>
  engine.run(forever, { HostConfig: { IpcMode: "shareable", ...more } });
const setupOf = (id: string) => engine.guestOf(id)?.containers.get(id)?.setup;

/** What a start of a container with these modes is answered. */
async function started(HostConfig: object): Promise<[number, string]> {
  const id = await engine.create(["true"], { HostConfig });
  const { status, body } = await engine.api("POST", `/containers/${id}/start`);
  return [status, String(body?.["message"])];
}

suite("a container that shares another's namespaces", () => {
  test("is in its machine, with a network and names of its own", async () => {
    const first = await donor();
    const modes = { IpcMode: `container:${first}`, PidMode: `container:${first}` };
    const second = await engine.run(forever, { Hostname: "own", HostConfig: modes });
    assert.equal(engine.guestOf(second), engine.guestOf(first));
    const setup = setupOf(second);
    assert.deepEqual(setup?.shares, { ipc: first, pid: first });
    assert.equal(setup?.hostname, "own");
    assert.equal(setup?.network.namespace, second);
    assert.deepEqual(
      setup?.network.cards.map(({ index, name, addresses }) => [index, name, addresses.length]),
      [[1, "eth0", 1]],
    );
    assert.notDeepEqual(
      setup?.network.cards[0]?.addresses,
      setupOf(first)?.network.cards[0]?.addresses,
    );
    const { HostConfig } = await engine.client.containers.inspect(second);
    assert.partialDeepStrictEqual(HostConfig, modes);
  });

  test("may share the network, too, or have none", async () => {
    const first = await donor();
    const shared = `container:${first}`;
    const second = await engine.run(forever, {
      HostConfig: { PidMode: shared, NetworkMode: shared, Init: true },
    });
    assert.equal(setupOf(second)?.network.namespace, "");
    assert.deepEqual(setupOf(second)?.network.cards, []);
    await engine.succeeds("POST", `/containers/${second}/kill`);
    await engine.wait(second);
    const third = await engine.run(forever, {
      HostConfig: { PidMode: shared, NetworkMode: "none" },
    });
    assert.equal(setupOf(third)?.network.namespace, third);
  });

  test("is refused in Docker's words where the other doesn't run, or doesn't share", async () => {
    const [own, still] = [await engine.run(forever), await engine.create(forever)];
    const gone = await engine.create(forever);
    const orphan = await engine.create(["true"], { HostConfig: { PidMode: `container:${gone}` } });
    await engine.client.containers.remove(gone, { force: true });
    const start = await engine.api("POST", `/containers/${orphan}/start`);
    assert.deepEqual(
      [start.status, start.body["message"]],
      [500, `failed to join PID namespace: No such container: ${gone}`],
    );
    const refusals: [object, number, string][] = [
      [
        { IpcMode: `container:${own}` },
        400,
        `failed to join IPC namespace: container ${own}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
      ],
      [
        { IpcMode: `container:${still}` },
        409,
        `failed to join IPC namespace: container ${still} is not running`,
      ],
      [
        { IpcMode: "container:" },
        400,
        'failed to join IPC namespace: invalid name or ID supplied: ""',
      ],
      [
        { PidMode: `container:${still}` },
        500,
        `failed to join PID namespace: container ${still} is not running`,
      ],
    ];
    for (const [modes, status, message] of refusals)
      assert.deepEqual(await started(modes), [status, message]);
    const { status, body } = await engine.api("POST", "/containers/create", {
      ...{ Image: "made", HostConfig: { PidMode: "container:nobody" } },
    });
    assert.deepEqual([status, body["message"]], [400, "No such container: nobody"]);
  });

  test("is told where the machine has no room, or no card, or there are two machines", async () => {
    const [first, second] = [await donor({ Dvm: { Room: 0 } }), await donor()];
    const [full, reason] = await started({ PidMode: `container:${first}` });
    assert.equal(full, 409);
    assert.match(reason, /it has no room for another container/);
    const apart = { PidMode: `container:${second}`, NetworkMode: `container:${first}` };
    const [status, message] = await started(apart);
    assert.equal(status, 409);
    assert.match(message, /^cannot share namespaces of containers .*: they are in two machines/);
    const lonely = await donor({ NetworkMode: "none" });
    const [without, why] = await started({ PidMode: `container:${lonely}` });
    assert.equal(without, 500);
    assert.match(why, /the machine that it goes into has no network card to spare/);
  });

  test("comes into a machine that stands still, and has it go on for itself alone", async () => {
    const first = await donor();
    await engine.succeeds("POST", `/containers/${first}/pause`);
    const second = await engine.run(["echo", "works"], {
      HostConfig: { NetworkMode: `container:${first}` },
    });
    assert.equal(await engine.wait(second), 0);
    assert.equal(await engine.status(first), "paused 0");
    await engine.succeeds("POST", `/containers/${first}/unpause`);
    assert.equal(await engine.status(first), "running 0");
  });
});
