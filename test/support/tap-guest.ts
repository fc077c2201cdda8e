import { createConnection } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { madeGuest } from "./made-guest.ts";
import { testQemu } from "./test-qemu.ts";

/* Runs in a network namespace of its own, which has the interface tap0; prints what a guest behind it says. */

const mac = "02:00:00:00:07:01";
const guestScript = `
busybox ip link set lo up
busybox ip addr add 10.77.0.2/24 dev eth0
busybox ip link set eth0 up
while :; do echo "I am $(busybox cat /sys/class/net/eth0/address)" | busybox nc -l -p 7; done
`;

const [runFolder = ""] = process.argv.slice(2);
const machine = await testQemu().start({
  ...(await madeGuest(runFolder, guestScript)),
  nics: [{ kind: "tap", mac, interface: "tap0" }],
});
try {
  console.log(await Promise.race([answer("10.77.0.2", 7), machine.exited.then(JSON.stringify)]));
} finally {
  await machine.kill();
}
process.exit(0);

async function answer(host: string, port: number): Promise<string> {
  for (let left = 300; left > 0; left -= 1) {
    const text = await new Promise<string>((resolve) => {
      let received = "";
      const socket = createConnection({ host, port });
      socket.on("data", (bytes) => (received += String(bytes)));
      socket.on("error", () => resolve(""));
      socket.on("close", () => resolve(received.trim()));
      socket.setTimeout(2_000, () => socket.destroy());
    });
    if (text !== "") return text;
    await delay(50);
  }
  return "no answer";
}
