import assert from "node:assert/strict";
import { test } from "node:test";
import { readFailure } from "../../src/machine/drivers/qemu/failure.ts";

/** What QEMU 7.2 said, and what it means above the driver. */
const cases: [said: string, code: string, means: RegExp][] = [
  [
    "qemu-system-x86_64: -netdev user,id=user0,hostfwd=tcp:127.0.0.1:8080-:80: Could not set up host forwarding rule 'tcp:127.0.0.1:8080-:80'",
    "unavailable",
    /^driver failed programming external connectivity: .*8080/,
  ],
  [
    "qemu-system-x86_64: cannot set up guest memory 'microvm.ram': Cannot allocate memory",
    "unavailable",
    /^the host has no memory for the machine: /,
  ],
  [
    'qemu-system-x86_64: -blockdev {"driver":"raw"}: Failed to get "write" lock\nIs another process using the image [/d]?',
    "conflict",
    /^another machine uses a disk of this one: /,
  ],
  [
    "qemu-system-x86_64: -netdev tap,id=tap0,ifname=lo: could not configure /dev/net/tun (lo): Invalid argument",
    "unavailable",
    /^the machine's network card has no interface: /,
  ],
  [
    "qemu-system-x86_64: -netdev tap,id=tap0: could not open /dev/net/tun: Permission denied",
    "unavailable",
    /^the machine's network card has no interface: /,
  ],
];

for (const [said, code, means] of cases) {
  test(`QEMU's word "${said.slice(20, 70)}…" is ${code} to who started the machine`, () => {
    const failure = readFailure(said);
    assert.equal(failure?.code, code);
    assert.match(failure.message, means);
  });
}

test("words that the driver doesn't know mean nothing special", () => {
  for (const said of ["", "qemu-system-x86_64: terminating on signal 15"])
    assert.equal(readFailure(said), undefined);
});
