import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { madeGuest } from "../../test/support/made-guest.ts";
import { testQemu } from "../../test/support/test-qemu.ts";

/* Runs two machines behind plain-a and plain-b until its standard input ends: FOLDER WIRE PORT. */

const [folder = "", wire = "", port = ""] = process.argv.slice(2);
const guests = [
  { name: "a", address: "10.77.0.2" },
  { name: "b", address: "10.77.0.3" },
];
const machines = await Promise.all(
  guests.map(async ({ name, address }, index) => {
    const runFolder = join(folder, name);
    await mkdir(runFolder);
    const script = `
busybox ip link set lo up
busybox ip addr add ${address}/24 dev eth0
busybox ip link set eth0 up
exec /bin/wire serve ${port}
`;
    const added = [{ path: "bin/wire", content: await readFile(wire) }];
    return testQemu().start({
      ...(await madeGuest(runFolder, script, added)),
      id: `plain-${name}`,
      nics: [{ kind: "tap", mac: `02:00:00:00:07:0${index + 1}`, interface: `plain-${name}` }],
    });
  }),
);
try {
  for (const { address } of guests) await answers(address);
  console.log("ready");
  process.stdin.resume();
  await once(process.stdin, "end");
} finally {
  for (const machine of machines) await machine.kill();
}
process.exit(0);

async function answers(host: string): Promise<void> {
  for (let left = 300; left > 0; left -= 1) {
    const socket = createConnection({ host, port: Number(port) });
    const isThere = await Promise.race([
      once(socket, "connect").then(
        () => true,
        () => false,
      ),
      delay(1000, false),
    ]);
    socket.destroy();
    if (isThere) return;
    await delay(100);
  }
  throw new Error(`${host} doesn't answer`);
}
