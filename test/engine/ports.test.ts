import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { asObject, asObjects } from "../../src/client/json.ts";
import { defaultSettings } from "../../src/engine/core.ts";
import { TestEngine } from "../support/test-engine.ts";
import { freePort } from "../support/free-port.ts";

/** What a real dockerd 28.5 answered, but for numbers that it chose. */

let engine: TestEngine;
before(async () => void (engine = await TestEngine.open({ can: { cards: ["user", "tap"] } })));
after(() => engine?.[Symbol.asyncDispose]());

type Bindings = Record<string, { HostIp?: string; HostPort?: string }[] | null>;

function publishing(PortBindings: Bindings, more: object = {}) {
  const ExposedPorts = Object.fromEntries(Object.keys(PortBindings).map((key) => [key, {}]));
  return { ExposedPorts, HostConfig: { PortBindings, ...more } };
}

async function portsOf(id: string): Promise<Record<string, unknown>> {
  const { NetworkSettings } = await engine.succeeds("GET", `/containers/${id}/json`);
  return asObject(asObject(NetworkSettings)["Ports"]);
}

async function listed(id: string): Promise<unknown> {
  const [found] = await engine.list(`/containers/json?filters={"id":["${id}"]}`);
  return found?.["Ports"];
}

async function remove(...ids: string[]): Promise<void> {
  for (const id of ids) await engine.succeeds("DELETE", `/containers/${id}?force=1`);
}

/** What a container shows that publishes these, while it runs. */
async function shown(more: object): Promise<Record<string, unknown>> {
  const id = await engine.run(["sleep", "600"], { ...more });
  const ports = await portsOf(id);
  await remove(id);
  return ports;
}

/** Why it doesn't start; undefined: it does. */
async function refusal(more: object, name = "refused"): Promise<string | undefined> {
  const id = await engine.create(["sleep", "600"], { name, ...more });
  const { status, body } = await engine.api("POST", `/containers/${id}/start`);
  const state = asObject((await engine.succeeds("GET", `/containers/${id}/json`))["State"]);
  await remove(id);
  if (status === 204) return undefined;
  assert.deepEqual([status, state["Status"], state["ExitCode"]], [500, "created", 128]);
  const message = String(body["message"]);
  assert.equal(state["Error"], message);
  const prefix =
    "failed to set up container networking: driver failed programming external connectivity on endpoint ";
  assert(message.startsWith(`${prefix}${name} (`), message);
  return message.slice(message.indexOf("): ") + 3);
}

suite("where ports are published", () => {
  const at = (...addresses: string[]) => addresses.map((HostIp) => ({ HostIp, HostPort: "" }));
  const cases: [string, string[]][] = [
    ["", ["0.0.0.0", "::"]],
    ["0.0.0.0", ["0.0.0.0"]],
    ["127.0.0.1", ["127.0.0.1"]],
    ["::", ["::"]],
    ["::1", ["::1"]],
    ["0:0::1", ["::1"]],
    ["[::1]", ["0.0.0.0", "::"]],
    ["localhost", ["0.0.0.0", "::"]],
  ];
  for (const [given, expected] of cases)
    test(`${JSON.stringify(given)} is ${expected.join(" and ")}`, async () => {
      const port = String(await freePort());
      const bindings = at(given).map((one) => ({ ...one, HostPort: port }));
      assert.deepEqual(await shown(publishing({ "80/tcp": bindings })), {
        "80/tcp": expected.map((HostIp) => ({ HostIp, HostPort: port })),
      });
    });

  test("a port without a number gets the same one at all addresses, and the next another", async () => {
    const chosen: string[] = [];
    for (const HostPort of ["", "0"]) {
      const { "80/tcp": bound } = await shown(publishing({ "80/tcp": [{ HostIp: "", HostPort }] }));
      const numbers = new Set(asObjects(bound).map((one) => String(one["HostPort"])));
      assert.equal(numbers.size, 1);
      chosen.push(...numbers);
    }
    assert.notEqual(chosen[0], chosen[1]);
  });

  test("only what is exposed is published, and what is exposed only is shown without a binding", async () => {
    const binding = [{ HostIp: "127.0.0.1", HostPort: "" }];
    assert.deepEqual(await shown({ HostConfig: { PortBindings: { "80/tcp": binding } } }), {});
    for (const nothing of [null, []])
      assert.deepEqual(await shown(publishing({ "80/tcp": nothing })), { "80/tcp": null });
    const exposed = { "81/udp": {}, "x/tcp": {}, "80/foo": {}, "": {} };
    const id = await engine.run(["sleep", "600"], { ExposedPorts: exposed });
    const nothing = { "81/udp": null, "0/tcp": null, "80/0": null, "0/0": null };
    assert.deepEqual(await portsOf(id), nothing);
    assert.deepEqual(await listed(id), [
      { PrivatePort: 81, Type: "udp" },
      { PrivatePort: 0, Type: "tcp" },
      { PrivatePort: 80, Type: "0" },
      { PrivatePort: 0, Type: "0" },
    ]);
    await remove(id);
  });

  test("the daemon's --ip and a network's host_binding_ipv4 say where a port is that names no address", async () => {
    engine.settings = { ...engine.settings, publishAddress: "127.0.0.1" };
    await engine.endDaemon();
    await engine.startDaemon();
    const binding = [{ HostIp: "", HostPort: String(await freePort()) }];
    const bound = await shown(publishing({ "80/tcp": binding }));
    assert.deepEqual(bound, { "80/tcp": [{ ...binding[0], HostIp: "127.0.0.1" }] });
    engine.settings = defaultSettings;
    await engine.endDaemon();
    await engine.startDaemon();
    assert.equal(asObjects((await shown(publishing({ "80/tcp": binding })))["80/tcp"]).length, 2);
  });

  test("-P publishes what is exposed and not bound", async () => {
    const port = String(await freePort());
    const own = [{ HostIp: "127.0.0.1", HostPort: port }];
    const ports = await shown({
      ExposedPorts: { "80/tcp": {}, "81/tcp": {} },
      HostConfig: { PublishAllPorts: true, PortBindings: { "80/tcp": own } },
    });
    assert.deepEqual(ports["80/tcp"], own);
    assert.deepEqual(
      asObjects(ports["81/tcp"]).map((one) => one["HostIp"]),
      ["0.0.0.0", "::"],
    );
  });

  test("a protocol in capitals is read, and left out it is tcp", async () => {
    for (const key of ["80/TCP", "80"]) {
      const bound = await shown(publishing({ [key]: [{ HostIp: "127.0.0.1", HostPort: "" }] }));
      assert.deepEqual(Object.keys(bound), ["80/tcp"]);
    }
  });

  test("without a network nothing is published, nor shown", async () => {
    const port = [{ HostIp: "", HostPort: "" }];
    const none = publishing({ "80/tcp": port }, { NetworkMode: "none", PublishAllPorts: true });
    assert.deepEqual(await shown(none), {});
  });

  test("the same port of udp may be asked for twice", async () => {
    const port = String(await freePort());
    const one = { HostIp: "127.0.0.1", HostPort: port };
    assert.deepEqual(await shown(publishing({ "80/udp": [one, one] })), { "80/udp": [one, one] });
  });
});

suite("what can't be published", () => {
  test("other protocols than tcp and udp", async () => {
    const port = String(await freePort());
    const on = (key: string) => publishing({ [key]: [{ HostIp: "", HostPort: port }] });
    assert.equal(
      await refusal(on("80/sctp")),
      `error starting userland proxy: failed to listen on 0.0.0.0:${port}: protocol not supported`,
    );
    assert.equal(await refusal(on("80/foo")), "unknown protocol");
    assert.equal(await refusal(on("")), "unknown protocol");
  });

  test("an address that is not the host's", async () => {
    const binding = { HostIp: "192.0.2.77", HostPort: "18080" };
    assert.match(
      String(await refusal(publishing({ "80/tcp": [binding] }))),
      /^failed to bind host port for 192\.0\.2\.77:18080:[\d.]+:80\/tcp: cannot assign requested address$/,
    );
  });

  test("a port twice in one container", async () => {
    const HostPort = String(await freePort());
    const everywhere = { HostIp: "0.0.0.0", HostPort };
    for (const HostIp of ["0.0.0.0", "127.0.0.1"])
      assert.equal(
        await refusal(publishing({ "80/tcp": [everywhere, { HostIp, HostPort }] })),
        "failed to listen on TCP socket: address already in use",
      );
    assert.equal(
      await refusal(publishing({ "80/tcp": [everywhere], "81/tcp": [everywhere] })),
      `Bind for 0.0.0.0:${HostPort} failed: port is already allocated`,
    );
  });

  test("a port that another process listens on; a range goes on behind it", async () => {
    await using server = createServer().listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const HostIp of ["0.0.0.0", "127.0.0.1"])
      assert.match(
        String(await refusal(publishing({ "80/tcp": [{ HostIp, HostPort: String(port) }] }))),
        /^failed to bind host port for [\d.]+:\d+:[\d.]+:80\/tcp: address already in use$/,
      );
    const range = { HostIp: "0.0.0.0", HostPort: `${port}-${port + 5}` };
    const { "80/tcp": bound } = await shown(publishing({ "80/tcp": [range] }));
    assert.notEqual(asObjects(bound)[0]?.["HostPort"], String(port));
  });

  test("a port that another container has, by the address that it has it at", async () => {
    const every = "0.0.0.0";
    const clashes: [string, string, string?][] = [
      ["", "", every],
      ["", every, every],
      ["", "127.0.0.1", every],
      ["", "::", "::"],
      ["", "::1", "::"],
      [every, "", every],
      [every, "::"],
      ["127.0.0.1", "", "127.0.0.1"],
      ["127.0.0.1", every, "127.0.0.1"],
      ["127.0.0.1", "127.0.0.2"],
      ["127.0.0.1", "::"],
      ["::", "", "::"],
      ["::", every],
      ["::1", "::", "::1"],
      ["::1", "127.0.0.1"],
    ];
    for (const [held, wanted, at] of clashes) {
      const HostPort = String(await freePort());
      const on = (HostIp: string) => publishing({ "80/tcp": [{ HostIp, HostPort }] });
      const holder = await engine.run(["sleep", "600"], on(held));
      const expected = at && `Bind for ${at}:${HostPort} failed: port is already allocated`;
      assert.equal(await refusal(on(wanted)), expected, `${held} and ${wanted}`);
      assert.equal(
        await refusal(publishing({ "80/udp": [{ HostIp: held, HostPort }] })),
        undefined,
      );
      await remove(holder);
    }
  });

  test("more ports of a range than it has", async () => {
    const first = await freePort();
    const range = publishing({
      "80/tcp": [{ HostIp: "127.0.0.1", HostPort: `${first}-${first + 1}` }],
    });
    const holders = [
      await engine.run(["sleep", "600"], range),
      await engine.run(["sleep", "600"], range),
    ];
    const numbers = await Promise.all(holders.map(portsOf));
    assert.deepEqual(
      numbers.map((ports) => asObjects(ports["80/tcp"])[0]?.["HostPort"]),
      [String(first), String(first + 1)],
    );
    assert.equal(await refusal(range), "all ports are allocated");
    await remove(...holders);
  });

  test("of two containers that start at once one has the port", async () => {
    const HostPort = String(await freePort());
    const on = publishing({ "80/tcp": [{ HostIp: "127.0.0.1", HostPort }] });
    const ids = await Promise.all([1, 2].map(() => engine.create(["sleep", "600"], on)));
    const answers = await Promise.all(
      ids.map((id) => engine.api("POST", `/containers/${id}/start`)),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([204, 500]));
    await remove(...ids);
  });
});

suite("where ports lead", () => {
  const on = (HostPort = "") => publishing({ "80/tcp": [{ HostIp: "127.0.0.1", HostPort }] });
  const connect = (network: string, Container: string) =>
    engine.succeeds("POST", `/networks/${network}/connect`, { Container });
  const disconnect = (network: string, Container: string) =>
    engine.succeeds("POST", `/networks/${network}/disconnect`, { Container });

  async function numberOf(id: string, key = "80/tcp"): Promise<number> {
    return Number(asObjects((await portsOf(id))[key])[0]?.["HostPort"]);
  }

  async function told(port: number): Promise<string> {
    return text(createConnection(port, "127.0.0.1"));
  }

  before(async () => {
    for (const [name, Subnet] of [
      ["one", "10.91.0.0/24"],
      ["two", "10.92.0.0/24"],
    ])
      await engine.succeeds("POST", "/networks/create", {
        Name: name,
        IPAM: { Config: [{ Subnet }] },
      });
    await engine.succeeds("POST", "/networks/create", { Name: "inner", Internal: true });
  });

  test("to the network that the way out leads to, wherever that is at the time", async () => {
    const fixed = await freePort();
    const bindings = { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(fixed) }] };
    const free = { "81/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] };
    const body = publishing({ ...bindings, ...free }, { NetworkMode: "one" });
    const id = await engine.run(["sleep", "600"], body);
    const chosen = await numberOf(id, "81/tcp");
    assert.equal(await told(fixed), "10.91.0.2/24 port 80\n");
    await connect("two", id);
    assert.equal(await told(fixed), "10.91.0.2/24 port 80\n");
    assert.equal(await numberOf(id, "81/tcp"), chosen, "nothing has moved");
    await disconnect("one", id);
    assert.equal(await told(fixed), "10.92.0.2/24 port 80\n");
    assert.equal(await told(await numberOf(id, "81/tcp")), "10.92.0.2/24 port 81\n");
    assert.notEqual(await numberOf(id, "81/tcp"), chosen, "as Docker chooses anew");
    await disconnect("two", id);
    assert.deepEqual(await portsOf(id), {});
    await assert.rejects(told(fixed));
    await connect("one", id);
    assert.equal(await told(fixed), "10.91.0.2/24 port 80\n");
    await remove(id);
    await assert.rejects(told(fixed));
  });

  test("nowhere of a network without a way out", async () => {
    const body = publishing({ "80/tcp": [{ HostIp: "" }] }, { NetworkMode: "inner" });
    assert.deepEqual(await shown(body), {});
  });

  test("to the same place after the daemon's end and start, and free when it ends", async () => {
    const id = await engine.run(["sleep", "600"], on());
    const port = await numberOf(id);
    const [before, other] = [await told(port), publishing({ "80/tcp": [] })];
    await engine.endDaemon();
    assert.equal(await told(port), before);
    await engine.startDaemon();
    assert.equal(await told(port), before);
    assert.match(String(await refusal(on(String(port)))), /port is already allocated$/);
    await engine.succeeds("POST", `/containers/${id}/kill`);
    assert.equal(await refusal(on(String(port))), undefined);
    assert.equal(await refusal(other), undefined);
    await remove(id);
  });
});
