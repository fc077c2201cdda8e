import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseHypervisor, drivers, type DriverEntry } from "../../src/bin/hypervisors.ts";
import { fakeHypervisor } from "../../src/machine/drivers/fake/fake-driver.ts";
import { lineGuest } from "../support/fake-machine/line-guest.ts";

const entry = (name: string, isHere: boolean): [string, DriverEntry] => [
  name,
  { isHere: async () => isHere, make: () => ({ ...fakeHypervisor(lineGuest), name }) },
];
const chosen = async (want: string | undefined, ...entries: [string, DriverEntry][]) =>
  (await chooseHypervisor("/data", want, new Map(entries))).name;

test("the first driver that is here runs machines, where none was asked for", async () => {
  assert.equal(await chosen(undefined, entry("one", false), entry("two", true)), "two");
  assert.equal(await chosen(undefined, entry("one", true), entry("two", true)), "one");
});

test("where none is here it is the first: it may be installed while the daemon runs", async () => {
  assert.equal(await chosen(undefined, entry("one", false), entry("two", false)), "one");
});

test("DVM_HYPERVISOR names the driver, be it here or not; an unknown name is an error", async () => {
  assert.equal(await chosen("two", entry("one", true), entry("two", false)), "two");
  await assert.rejects(chosen("xyz", entry("one", true), entry("two", true)), {
    code: "invalid",
    message: "cannot use DVM_HYPERVISOR=xyz: it is none of one, two",
  });
});

test("QEMU is in the daemon's own table", async () => {
  assert.equal((await chooseHypervisor("/nonexistent", "qemu", drivers)).name, "qemu");
});
