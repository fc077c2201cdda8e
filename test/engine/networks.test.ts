import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { asObject, asObjects, asStrings, asText, type JsonObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";

const forever = ["sleep", "600"];
let engine: TestEngine;
before(async () => void (engine = await TestEngine.open({ can: { cards: ["user", "tap"] } })));
after(() => engine?.[Symbol.asyncDispose]());

async function refusal(url: string, body: object): Promise<[number, unknown]> {
  const { status, body: answer } = await engine.api("POST", url, body);
  return [status, answer["message"]];
}

const create = (body: object) => engine.succeeds("POST", "/networks/create", body);
const look = (name: string) => engine.succeeds("GET", `/networks/${name}`);

async function networksOf(id: string): Promise<JsonObject> {
  const container = await engine.succeeds("GET", `/containers/${id}/json`);
  return asObject(asObject(container["NetworkSettings"])["Networks"]);
}

async function placeOf(id: string, network: string): Promise<JsonObject> {
  return asObject((await networksOf(id))[network]);
}

const inNetworks = (...names: string[]) => ({
  HostConfig: { NetworkMode: names[0] },
  NetworkingConfig: { EndpointsConfig: Object.fromEntries(names.map((name) => [name, {}])) },
});

describe("a network", () => {
  test("that says nothing of addresses gets the next block, and its first address for a gateway", async () => {
    await create({ Name: "plain" });
    const { IPAM, Driver, EnableIPv6, Containers } = await look("plain");
    const [config] = asObjects(asObject(IPAM)["Config"]);
    assert.match(asText(config?.["Subnet"]), /^(172\.\d+\.0\.0\/16|192\.168\.\d+\.0\/20)$/);
    assert.equal(config?.["Gateway"], asText(config?.["Subnet"]).replace(/0\/\d+$/, "1"));
    assert.deepEqual([Driver, EnableIPv6, Containers], ["bridge", false, {}]);
  });

  test("shows what was asked of it, as it was asked", async () => {
    const Config = [
      { Subnet: "10.91.0.0/24", IPRange: "10.91.0.128/25", AuxiliaryAddresses: { a: "10.91.0.5" } },
      { Subnet: "fd00:91::/64", Gateway: "fd00:91::9" },
    ];
    const asked = { Labels: { a: "b" }, Options: { "x.y": "z" }, Internal: true, Attachable: true };
    await create({ Name: "asked", EnableIPv6: true, IPAM: { Config }, ...asked });
    const { IPAM, Labels, Options, Internal, Attachable } = await look("asked");
    assert.deepEqual(IPAM, { Driver: "default", Options: null, Config });
    assert.deepEqual({ Labels, Options, Internal, Attachable }, asked);
  });

  test("is refused in Docker's words", async () => {
    await create({ Name: "taken", IPAM: { Config: [{ Subnet: "10.92.0.0/24" }] } });
    const expected: [object, number, string][] = [
      [{}, 400, "invalid name: name is empty"],
      [{ Name: "bridge" }, 403, "operation is not permitted on predefined bridge network "],
      [{ Name: "taken" }, 409, "network with name taken already exists"],
      [{ Name: "n", Driver: "nope" }, 404, 'plugin "nope" not found'],
      [{ Name: "n", Driver: "host" }, 403, 'only one instance of "host" network is allowed'],
      [{ Name: "n", IPAM: { Driver: "foo" } }, 404, 'plugin "foo" not found'],
      [{ Name: "n", EnableIPv4: false }, 400, "IPv4 or IPv6 must be enabled"],
      [
        { Name: "n", Scope: "swarm" },
        403,
        "cannot create a swarm scoped network when swarm is not active",
      ],
      [
        { Name: "n", ConfigFrom: { Network: "nope" } },
        404,
        'configuration network "nope" does not exist',
      ],
      [
        { Name: "n", Options: { "com.docker.network.driver.mtu": "abc" } },
        400,
        'failed to parse com.docker.network.driver.mtu value: abc (strconv.Atoi: parsing "abc": invalid syntax)',
      ],
    ];
    for (const [body, status, message] of expected)
      assert.deepEqual(await refusal("/networks/create", body), [status, message]);
  });

  test("with addresses that can't be is refused in Docker's words", async () => {
    const expected: [object[], number, string][] = [
      [
        [{ Subnet: "bad" }],
        400,
        "invalid network config:\ninvalid subnet bad: invalid CIDR block notation",
      ],
      [
        [{ Subnet: "10.93.0.1/24" }],
        400,
        "invalid network config:\ninvalid subnet 10.93.0.1/24: it should be 10.93.0.0/24",
      ],
      [
        [{ Subnet: "10.93.0.0/24", IPRange: "10.94.0.0/24", Gateway: "10.1.1.1" }],
        400,
        "invalid network config:\n* invalid ip-range 10.94.0.0/24: parent subnet 10.93.0.0/24 doesn't contain ip-range\n* invalid gateway 10.1.1.1: parent subnet 10.93.0.0/24 doesn't contain this address",
      ],
      [
        [{ Subnet: "10.92.0.0/25" }],
        403,
        "invalid pool request: Pool overlaps with other one on this address space",
      ],
      [
        [{ Subnet: "10.93.0.0/24" }, { Subnet: "10.94.0.0/24" }],
        403,
        "bridge driver doesn't support multiple subnets",
      ],
    ];
    for (const [Config, status, message] of expected)
      assert.deepEqual(await refusal("/networks/create", { Name: "n", IPAM: { Config } }), [
        status,
        message,
      ]);
  });

  test("is found by name, id and the beginning of that, and filtered as in Docker", async () => {
    const { Id } = await create({ Name: "found", Labels: { kind: "x" } });
    const id = asText(Id);
    for (const name of ["found", id, id.slice(0, 12)]) assert.equal((await look(name))["Id"], id);
    const names = async (filters: object) =>
      (await engine.list(`/networks?filters=${encodeURIComponent(JSON.stringify(filters))}`)).map(
        ({ Name }) => Name,
      );
    assert.deepEqual(await names({ label: ["kind=x"] }), ["found"]);
    assert.deepEqual(await names({ type: ["builtin"] }), ["none", "host", "bridge"]);
    assert((await names({ dangling: ["true"] })).includes("found"));
    await engine.succeeds("DELETE", "/networks/found");
    assert.deepEqual(await names({ label: ["kind=x"] }), []);
  });

  test("that nobody is in goes by prune, others and predefined ones stay", async () => {
    await create({ Name: "used", Labels: { p: "1" } });
    await create({ Name: "unused", Labels: { p: "1" } });
    const id = await engine.run(forever, inNetworks("used"));
    const filters = encodeURIComponent(JSON.stringify({ label: ["p"] }));
    const { NetworksDeleted } = await engine.succeeds("POST", `/networks/prune?filters=${filters}`);
    assert.deepEqual(asStrings(NetworksDeleted), ["unused"]);
    const { status, body } = await engine.api("DELETE", "/networks/used");
    assert.equal(status, 403);
    assert.match(asText(body["message"]), /^error while removing network: network used has active/);
    await engine.succeeds("DELETE", `/containers/${id}?force=true`);
    await engine.succeeds("DELETE", "/networks/used");
    assert.deepEqual(await refusalOf("DELETE", "/networks/bridge"), [
      403,
      "bridge is a pre-defined network and cannot be removed",
    ]);
  });
});

async function refusalOf(method: "DELETE" | "POST", url: string): Promise<[number, unknown]> {
  const { status, body } = await engine.api(method, url);
  return [status, body["message"]];
}

describe("a container", () => {
  test("has a place in each of its networks, and the one that leads out is the first", async () => {
    await create({ Name: "inner", Internal: true, IPAM: { Config: [{ Subnet: "10.95.0.0/24" }] } });
    await create({ Name: "outer", IPAM: { Config: [{ Subnet: "10.96.0.0/24" }] } });
    const id = await engine.run(forever, { name: "two", ...inNetworks("inner", "outer") });
    const [inner, outer] = [await placeOf(id, "inner"), await placeOf(id, "outer")];
    assert.deepEqual([inner["IPAddress"], inner["Gateway"]], ["10.95.0.2", ""]);
    assert.deepEqual([outer["IPAddress"], outer["Gateway"]], ["10.96.0.2", "10.96.0.1"]);
    assert.deepEqual(outer["DNSNames"], ["two", id.slice(0, 12)]);
    const cards = engine.script.setups.at(-1)?.network.cards ?? [];
    assert.deepEqual(
      cards.map(({ name, addresses, gateways }) => ({ name, addresses, gateways })),
      [
        { name: "eth0", addresses: ["10.96.0.2/24"], gateways: ["10.96.0.1"] },
        { name: "eth1", addresses: ["10.95.0.2/24"], gateways: [] },
      ],
    );
    assert.deepEqual(
      [...engine.switch.attached.values()]
        .map(({ addresses }) => addresses[0])
        .sort((a = "", b = "") => a.localeCompare(b)),
      ["10.95.0.2/24", "10.96.0.2/24"],
    );
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(engine.switch.attached.size, 0);
    assert.equal((await placeOf(id, "outer"))["IPAddress"], "");
    await engine.succeeds("DELETE", `/containers/${id}`);
  });

  test("gets the address and the MAC address that it asks for, and no other one gets it", async () => {
    await create({ Name: "fixed", IPAM: { Config: [{ Subnet: "10.97.0.0/29" }] } });
    const at = (IPv4Address: string, more = {}) => ({
      HostConfig: { NetworkMode: "fixed" },
      NetworkingConfig: { EndpointsConfig: { fixed: { IPAMConfig: { IPv4Address }, ...more } } },
    });
    const MacAddress = "02:11:22:33:44:55";
    const first = await engine.run(forever, at("10.97.0.3", { MacAddress }));
    const place = await placeOf(first, "fixed");
    assert.deepEqual([place["IPAddress"], place["MacAddress"]], ["10.97.0.3", MacAddress]);
    const second = await engine.create(forever, at("10.97.0.3"));
    assert.deepEqual(await refusal(`/containers/${second}/start`, {}), [
      403,
      "failed to set up container networking: Address already in use",
    ]);
    const { status, body } = await engine.api("POST", "/containers/create", {
      ...{ Image: "x", ...at("10.9.9.9") },
    });
    assert.deepEqual(
      [status, body["message"]],
      [
        400,
        "invalid config for network fixed: invalid endpoint settings:\nno configured subnet or ip-range contain the IP address 10.9.9.9",
      ],
    );
    await engine.succeeds("DELETE", `/containers/${first}?force=true`);
    await engine.succeeds("POST", `/containers/${second}/start`);
    await engine.succeeds("DELETE", `/containers/${second}?force=true`);
  });

  test("in a network that has no address left does not start", async () => {
    const { Id } = await create({
      ...{ Name: "small", IPAM: { Config: [{ Subnet: "10.98.0.0/30" }] } },
    });
    const first = await engine.run(forever, inNetworks("small"));
    const second = await engine.create(forever, inNetworks("small"));
    assert.deepEqual(await refusal(`/containers/${second}/start`, {}), [
      500,
      `failed to set up container networking: no available IPv4 addresses on this network's address pools: small (${asText(Id)})`,
    ]);
    for (const id of [first, second])
      await engine.succeeds("DELETE", `/containers/${id}?force=true`);
  });

  test("that runs comes into a network, and leaves it", async () => {
    await create({ Name: "late", IPAM: { Config: [{ Subnet: "10.99.0.0/24" }] } });
    const id = await engine.run(forever, { name: "mover" });
    const EndpointConfig = { Aliases: ["x"], IPAMConfig: { IPv4Address: "10.99.0.77" } };
    await engine.succeeds("POST", "/networks/late/connect", { Container: "mover", EndpointConfig });
    const place = await placeOf(id, "late");
    assert.deepEqual(
      [place["IPAddress"], place["Aliases"], place["DNSNames"]],
      ["10.99.0.77", ["x"], ["mover", "x", id.slice(0, 12)]],
    );
    assert.deepEqual(Object.keys(asObject((await look("late"))["Containers"])), [id]);
    assert.deepEqual(await refusal("/networks/late/connect", { Container: "mover" }), [
      403,
      "endpoint with name mover already exists in network late",
    ]);
    assert.deepEqual(await refusal("/networks/none/connect", { Container: "mover" }), [
      400,
      "container cannot be connected to multiple networks with one of the networks in private (none) mode",
    ]);
    await engine.succeeds("POST", "/networks/late/disconnect", { Container: "mover" });
    assert.deepEqual(Object.keys(await networksOf(id)), ["bridge"]);
    assert.deepEqual(await refusal("/networks/late/disconnect", { Container: "mover" }), [
      500,
      `container ${id} is not connected to network late`,
    ]);
    await engine.succeeds("DELETE", `/containers/${id}?force=true`);
  });

  test("that was in a network which is gone does not start in another one of its name", async () => {
    const { Id } = await create({ Name: "again" });
    const id = await engine.run(forever, inNetworks("again"));
    await engine.succeeds("POST", `/containers/${id}/stop`);
    await engine.succeeds("DELETE", "/networks/again");
    await create({ Name: "again" });
    assert.deepEqual(await refusal(`/containers/${id}/start`, {}), [
      404,
      `failed to set up container networking: network ${asText(Id)} not found`,
    ]);
    await engine.succeeds("POST", "/networks/again/disconnect", { Container: id });
    await engine.succeeds("POST", "/networks/again/connect", { Container: id });
    await engine.succeeds("POST", `/containers/${id}/start`);
    await engine.succeeds("DELETE", `/containers/${id}?force=true`);
  });

  test("whose card can't be attached does not start, and leaves its address to others", async () => {
    await create({ Name: "broken", IPAM: { Config: [{ Subnet: "10.100.0.0/30" }] } });
    const id = await engine.create(forever, inNetworks("broken"));
    for (const fault of ["network", "attach"]) {
      engine.switch.fault = fault;
      assert.equal((await refusal(`/containers/${id}/start`, {}))[0], 500);
    }
    engine.switch.fault = undefined;
    await engine.succeeds("POST", `/containers/${id}/start`);
    assert.equal((await placeOf(id, "broken"))["IPAddress"], "10.100.0.2");
    await engine.succeeds("DELETE", `/containers/${id}?force=true`);
  });

  test("keeps its places, and others their addresses, over a restart of the daemon", async () => {
    await create({ Name: "kept", IPAM: { Config: [{ Subnet: "10.101.0.0/24" }] } });
    const first = await engine.run(forever, inNetworks("kept"));
    await engine.endDaemon();
    await engine.startDaemon();
    assert.equal((await placeOf(first, "kept"))["IPAddress"], "10.101.0.2");
    const second = await engine.run(forever, inNetworks("kept"));
    assert.equal((await placeOf(second, "kept"))["IPAddress"], "10.101.0.3");
    for (const id of [first, second])
      await engine.succeeds("DELETE", `/containers/${id}?force=true`);
    await engine.succeeds("DELETE", "/networks/kept");
  });
});

test("without the switch a network of somebody's can't be used, and the start says why", async () => {
  await using plain = await TestEngine.open();
  await plain.succeeds("POST", "/networks/create", { Name: "mine" });
  const id = await plain.create(forever, inNetworks("mine"));
  const { status, body } = await plain.api("POST", `/containers/${id}/start`);
  assert.equal(status, 500);
  assert.match(
    asText(body["message"]),
    /^failed to set up container networking: cannot use network mine: /,
  );
});
