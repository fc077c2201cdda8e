import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { SwitchNetwork } from "../../src/network/switch/switch-types.ts";
import { inOwnNetwork } from "../support/own-network.ts";
import { host, openWorld, outside, type World } from "../support/switch-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function network(number: number, more: Partial<SwitchNetwork> = {}): SwitchNetwork {
  const subnets = [
    { subnet: `172.${number}.0.0/16`, gateway: `172.${number}.0.1` },
    { subnet: `fd17:${number}::/64`, gateway: `fd17:${number}::1` },
  ];
  const policy = { internal: false, isolated: false, masquerade: true };
  return { id: `net${number}`, bridge: `br-${number}`, mtu: 1500, subnets, ...policy, ...more };
}

function card(number: number, last: number) {
  return {
    mac: `02:42:ac:${number}:00:0${last}`,
    addresses: [`172.${number}.0.${last}/16`, `fd17:${number}::${last}/64`],
    gateways: [`172.${number}.0.1`, `fd17:${number}::1`],
  };
}

/** A guest on a network, by its last digit there. */
async function guestOn(world: World, number: number, last: number, hostAccess = false) {
  const tap = `t${number}x${last}`;
  const guest = await world.guest(tap, card(number, last));
  await guest.sh("true"); // its tap is there
  await world.switch.attach({ tap, network: `net${number}`, ...card(number, last), hostAccess });
  return guest;
}

const ping = (address: string) => `busybox ping -c 1 -W 1 ${address} >/dev/null && echo reached`;
/** Reads a line, and half-closes nothing: the pasta of Debian 12 then loses the other side's end. */
const tcp = (address: string, port = 80) =>
  `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/${port} && head -1 <&3'`;
const udp = (address: string) =>
  `bash -c 'exec 3<>/dev/udp/${address}/80; echo x >&3; timeout 2 head -1 <&3'`;

async function serve(address: string, port: number): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).end("the host\n"));
  await once(server.listen(port, address), "listening");
  return server;
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < 100; count += 1) {
    if (await check()) return;
    await delay(100);
  }
  assert.fail("it does not come about");
}

inOwnNetwork(import.meta.filename, () => {
  for (const as of ["root", "user"] as const) {
    suite(`the switch of ${as === "root" ? "root" : "an ordinary user"}`, () => {
      test("guests of one network reach each other, of others not, and what is outside", async () => {
        await using folder = await temporaryFolder();
        await using world = await openWorld(folder.path, as);
        assert.equal(await world.switch.unusable(), undefined);
        for (const one of [network(21), network(22), network(23, { internal: true })])
          await world.switch.setNetwork(one);
        const [guest, , , inner] = [
          await guestOn(world, 21, 2),
          await guestOn(world, 21, 3),
          await guestOn(world, 22, 2),
          await guestOn(world, 23, 2),
        ];
        for (const near of ["172.21.0.1", "172.21.0.3", "fd17:21::1", "fd17:21::3"])
          assert.equal(await guest.sh(ping(near)), "reached", near);
        for (const far of ["172.22.0.2", "fd17:22::2", "172.23.0.2"])
          assert.equal(await guest.sh(ping(far)), "failed", far);
        for (const out of [outside.four, outside.six]) {
          assert.equal(await guest.sh(ping(out)), "reached", out);
          assert.equal(await inner.sh(ping(out)), "failed", out);
        }
        assert.equal(await inner.sh(ping("172.23.0.1")), "reached");
        assert.equal(await guest.sh(tcp(outside.four)), `::ffff:${host.four}`);
        assert.equal(await guest.sh(tcp(outside.six)), host.six);
        assert.equal(await guest.sh(udp(outside.four)), `::ffff:${host.four}`);
        assert.deepEqual(world.said, []);
      });

      test("guests of an isolated network reach what is outside, and not each other", async () => {
        await using folder = await temporaryFolder();
        await using world = await openWorld(folder.path, as);
        await world.switch.setNetwork(network(21, { isolated: true }));
        const guest = await guestOn(world, 21, 2);
        await guestOn(world, 21, 3);
        assert.equal(await guest.sh(ping("172.21.0.3")), "failed");
        assert.equal(await guest.sh(ping("172.21.0.1")), "reached");
        assert.equal(await guest.sh(tcp(outside.four)), `::ffff:${host.four}`);
      });

      test("the host, its loopback too, is reached by its address by those only who may", async () => {
        await using folder = await temporaryFolder();
        await using world = await openWorld(folder.path, as);
        await world.switch.setNetwork(network(21));
        const address = (await world.switch.hostAddresses())[0] ?? "";
        using _server = await closing(serve("0.0.0.0", 7001));
        using _inner = await closing(serve("127.0.0.1", 7002));
        const stranger = await guestOn(world, 21, 2);
        const friend = await guestOn(world, 21, 3, true);
        assert.match(await stranger.sh(tcp(address, 7001)), /refused/);
        assert.match(await stranger.sh(tcp(address, 7002)), /refused/);
        assert.match(await stranger.sh(tcp("127.0.0.1", 7002)), /refused/);
        for (const port of [7001, 7002])
          assert.equal(await friend.sh(tcp(address, port)), "the host", `${port}`);
      });

      test("a switch that was killed is made anew, and machines notice a moment only", async () => {
        await using folder = await temporaryFolder();
        await using world = await openWorld(folder.path, as);
        await world.switch.setNetwork(network(21));
        const guest = await guestOn(world, 21, 2);
        await guestOn(world, 21, 3);
        const pidFile = `${folder.path}/switch/switch.pid`;
        const pid = Number((await readFile(pidFile, "utf8")).split(" ")[0]);
        process.kill(pid, "SIGKILL");
        await eventually(async () => (await guest.sh(tcp(outside.four))).includes(host.four));
        assert.equal(await guest.sh(ping("172.21.0.3")), "reached");
        assert.deepEqual(world.said, ["the switch of networks has ended; it is made anew"]);
        await world.switch.setNetwork(network(22));
        const later = await guestOn(world, 22, 2);
        assert.equal(await later.sh(tcp(outside.four)), `::ffff:${host.four}`);
      });
    });
  }

  test("root's host gets one interface and one table, which come back, and nothing stays", async () => {
    await using folder = await temporaryFolder();
    const rules = "table ip other { chain c { type filter hook input priority 5; counter; }; }";
    {
      await using world = await openWorld(folder.path, "root");
      await world.run("nft", rules);
      const before = await world.run("nft", "list", "ruleset");
      await world.switch.setNetwork(network(21));
      const guest = await guestOn(world, 21, 2);
      assert.equal(await world.run("sh", "-c", ping("172.21.0.2")), "reached\n");
      const [table = ""] = (await world.run("nft", "list", "tables")).match(/dvm_\w+/) ?? [];
      await world.run("nft", "flush", "ruleset");
      assert.match(await guest.sh(tcp(outside.four)), /failed/);
      await eventually(async () => (await world.run("nft", "list", "tables")).includes(table));
      assert.equal(await guest.sh(tcp(outside.four)), `::ffff:${host.four}`);
      await world.run("nft", rules);
      await world.switch.end();
      assert.equal(await world.run("nft", "list", "ruleset"), before);
      assert.doesNotMatch(await readFile("/proc/net/dev", "utf8"), /dvm-/);
    }
  });

  test("where somebody's firewall lets the host forward nothing, root's networks leave by pasta", async () => {
    await using folder = await temporaryFolder();
    await using world = await openWorld(folder.path, "root");
    const chain = "{ type filter hook forward priority 0; policy drop; }";
    await world.run("nft", `table ip filter { chain FORWARD ${chain}; }`);
    await world.switch.setNetwork(network(21));
    const guest = await guestOn(world, 21, 2);
    assert.equal(await guest.sh(tcp(outside.four)), `::ffff:${host.four}`);
    assert.match(world.said.join(), /by pasta, for table ip filter/);
    await world.run("nft", "flush ruleset");
  });
});

async function closing(server: Promise<Server>): Promise<Disposable> {
  const made = await server;
  return { [Symbol.dispose]: () => void made.close() };
}
