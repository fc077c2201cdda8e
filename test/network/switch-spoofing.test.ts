import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { advertisement, arp, frame, icmp6, udp4 } from "../support/ethernet-frames.ts";
import { inOwnNetwork } from "../support/own-network.ts";
import { type FrameGuest, openWorld, type World } from "../support/switch-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const subnets = [
  { subnet: "172.21.0.0/16", gateway: "172.21.0.1" },
  { subnet: "fd17:21::/64", gateway: "fd17:21::1" },
];
const network = { id: "one", bridge: "br-one", mtu: 1500, subnets };
const policy = { internal: false, isolated: false, masquerade: true };

/** The guest whom nobody should believe, and one whom he would like to betray. */
const rogue = { mac: "02:42:ac:15:00:02", four: "172.21.0.2", six: "fd17:21::2" };
const victim = { mac: "02:42:ac:15:00:03", four: "172.21.0.3", six: "fd17:21::3" };
const gateway = { four: "172.21.0.1", six: "fd17:21::1" };
const linkLocal = "fe80::42:acff:fe15:2";

const own = { from: rogue.mac };
const toVictim = { from: rogue.mac, to: victim.mac };
const stolen = { from: victim.mac };

async function guests(world: World): Promise<[FrameGuest, FrameGuest]> {
  await world.switch.setNetwork({ ...network, ...policy });
  const made: FrameGuest[] = [];
  for (const [tap, { mac, four, six }] of [
    ["trogue", rogue],
    ["tvictim", victim],
  ] as const) {
    made.push(await world.frames(tap));
    const card = { tap, network: "one", mac, addresses: [`${four}/16`, `${six}/64`] };
    await attached(world, card);
  }
  return made as [FrameGuest, FrameGuest];
}

/** Its tap comes a moment after its process. */
async function attached(world: World, card: Parameters<World["switch"]["attach"]>[0]) {
  for (let count = 0; ; count += 1) {
    try {
      return await world.switch.attach(card);
    } catch (error) {
      if (count > 50) throw error;
      await delay(50);
    }
  }
}

const fine: [string, string][] = [
  ["asks by ARP", arp(own, { senderMac: rogue.mac, sender: rogue.four, target: victim.four })],
  [
    "tells its own address",
    arp(own, { answers: true, senderMac: rogue.mac, sender: rogue.four, target: rogue.four }),
  ],
  [
    "asks whether anybody has an address",
    arp(own, { senderMac: rogue.mac, sender: "0.0.0.0", target: rogue.four }),
  ],
  ["sends from its address", udp4(toVictim, [rogue.four, victim.four], [999, 80], "hello")],
  ["tells its own address of IPv6", advertisement(own, rogue.six, [rogue.six, rogue.mac])],
  ["tells its own of the link", advertisement(own, linkLocal, [linkLocal, rogue.mac])],
];

const forged: [string, string][] = [
  ["sends as another MAC", udp4(stolen, [rogue.four, victim.four], [999, 80], "x")],
  ["sends from another's address", udp4(toVictim, ["172.21.0.9", victim.four], [999, 80], "x")],
  ["sends from the gateway's address", udp4(toVictim, [gateway.four, victim.four], [999, 80], "x")],
  ["sends from outside", udp4(toVictim, ["198.51.100.1", victim.four], [999, 80], "x")],
  [
    "answers for the gateway by ARP",
    arp(own, { answers: true, senderMac: rogue.mac, sender: gateway.four, target: victim.four }),
  ],
  [
    "asks for the gateway by ARP",
    arp(own, { senderMac: rogue.mac, sender: gateway.four, target: victim.four }),
  ],
  [
    "tells by ARP of another MAC",
    arp(own, { answers: true, senderMac: victim.mac, sender: rogue.four, target: victim.four }),
  ],
  [
    "probes in answers",
    arp(own, { answers: true, senderMac: rogue.mac, sender: "0.0.0.0", target: victim.four }),
  ],
  ["is a DHCP server", udp4(own, [rogue.four, "255.255.255.255"], [67, 68], "x")],
  ["asks a DHCP server", udp4(own, ["0.0.0.0", "255.255.255.255"], [68, 67], "x")],
  ["advertises the gateway", advertisement(own, rogue.six, [gateway.six, rogue.mac])],
  [
    "advertises another's from his address",
    advertisement(own, victim.six, [victim.six, rogue.mac]),
  ],
  ["is a router", icmp6(own, [linkLocal, "ff02::1"], 134, "4000070800000000000000000000")],
  ["redirects", icmp6(toVictim, [linkLocal, victim.six], 137, "00".repeat(36))],
  [
    "pings from another's address of IPv6",
    icmp6(toVictim, ["fd17:21::9", victim.six], 128, "00010001"),
  ],
  [
    "sends in a VLAN",
    udp4(toVictim, [rogue.four, victim.four], [999, 80], "x").replace("0800", "810000010800"),
  ],
  ["speaks what nobody can judge", frame(own, "88cc", "00".repeat(46))],
  [
    "speaks to bridges",
    frame({ from: rogue.mac, to: "01:80:c2:00:00:00" }, "0026", "424203".padEnd(76, "0")),
  ],
];

inOwnNetwork(import.meta.filename, () => {
  for (const as of ["root", "user"] as const)
    test(`what a guest may not say reaches nobody: ${as}`, async () => {
      await using folder = await temporaryFolder();
      await using world = await openWorld(folder.path, as);
      const [from, to] = await guests(world);
      const sees = (wanted: string) => to.seen.some((seen) => seen.startsWith(wanted));
      for (const [, one] of forged) from.send(one);
      for (const [, one] of fine) from.send(one);
      const isOver = () => fine.every(([, one]) => sees(one));
      for (let count = 0; count < 50 && !isOver(); count += 1) await delay(100);
      for (const [what, one] of fine) assert.ok(sees(one), `a guest that ${what}`);
      for (const [what, one] of forged) assert.ok(!sees(one), `a guest that ${what}`);
      const counters = await listed(world);
      assert.match(counters, /"name": "spoofed"[^}]*"packets": [1-9]/);
    });

  test("a guest that floods others with questions is not heard for long", async () => {
    await using folder = await temporaryFolder();
    await using world = await openWorld(folder.path, "root");
    const [from, to] = await guests(world);
    const question = { senderMac: rogue.mac, sender: rogue.four, target: victim.four };
    const frames = Array.from({ length: 20_000 }, () => arp(own, question));
    const begun = performance.now();
    from.send(frames.join("\n"));
    const words = Buffer.from("still there").toString("hex");
    const isOver = () => to.seen.some((seen) => seen.includes(words));
    for (let count = 0; count < 150 && !isOver(); count += 1) {
      // it stands behind all of the flood
      from.send(udp4(toVictim, [rogue.four, victim.four], [999, 80], "still there"));
      await delay(200);
    }
    assert.ok(isOver());
    const seconds = (performance.now() - begun) / 1000;
    const heard = to.seen.filter((seen) => seen.startsWith(frames[0] ?? "")).length;
    assert.ok(heard > 0 && heard < 1_500 + 250 * seconds, `${heard} of ${frames.length}`);
  });
});

async function listed(world: World): Promise<string> {
  const file = `${world.folder}/switch/listed.json`;
  await world.switch.list(file);
  return world.run("cat", file);
}
