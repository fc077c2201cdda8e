import assert from "node:assert/strict";
import { test } from "node:test";
import { attachLine, networkLine } from "../../src/network/switch/switch-lines.ts";
import { bridgeName, tapName } from "../../src/network/switch/switch-types.ts";

const network = {
  ...{ id: "0123456789abcdef", bridge: "br-0123456789ab", mtu: 1450 },
  subnets: [
    { subnet: "172.18.0.0/16", gateway: "172.18.0.1" },
    { subnet: "fd00:1::/64", gateway: "fd00:1::1" },
    { subnet: "10.0.0.0/24" },
  ],
  ...{ internal: true, isolated: true, masquerade: true },
};

test("a network is its bridge with the gateways' addresses, in the prefix of their subnets", () => {
  assert.equal(
    networkLine(network),
    "network br-0123456789ab 1450 172.18.0.1/16,fd00:1::1/64 internal,masquerade,isolated",
  );
  const plain = { ...network, subnets: [], internal: false, masquerade: false, isolated: false };
  assert.equal(networkLine(plain), "network br-0123456789ab 1450 - -");
});

test("a card may send from its addresses only, whatever their prefix", () => {
  const addresses = ["172.18.0.2/16", "fd00:1::2/64"];
  const card = { tap: "t0", network: network.id, mac: "02:42:ac:12:00:02", addresses };
  assert.equal(
    attachLine({ ...card, hostAccess: true }, network),
    "attach t0 br-0123456789ab 02:42:ac:12:00:02 172.18.0.2,fd00:1::2 isolated,host",
  );
  assert.equal(
    attachLine(card, { ...network, isolated: false }),
    "attach t0 br-0123456789ab 02:42:ac:12:00:02 172.18.0.2,fd00:1::2 -",
  );
});

test("names of interfaces are at most 15 characters long", () => {
  const id = "0123456789abcdef0123456789abcdef";
  assert.equal(tapName(id, 12), "t0123456789ab12");
  assert.equal(bridgeName(id, false), "br-0123456789ab");
  assert.equal(bridgeName(id, true), "dvm0");
});
