import assert from "node:assert/strict";
import { test } from "node:test";
import type { Capabilities, MachineSpec, NicSpec } from "../../src/machine/machine.ts";
import {
  canClone,
  checkAccelerator,
  requireFileSharing,
  requirePause,
  requireSupport,
  requireTemplates,
} from "../../src/machine/support.ts";

const all: Capabilities = {
  fileSharing: true,
  devices: 16,
  pause: true,
  templates: true,
  diskFormats: ["raw", "vmdk", "empty"],
  diskExchange: true,
  cards: ["user", "tap"],
  publishing: true,
  connections: false,
};
const driver = (less: Partial<Capabilities>) => ({
  name: "small",
  accelerators: ["fast", "slow"],
  capabilities: { ...all, ...less },
});
const user = (hostPort?: number): NicSpec => ({
  kind: "user",
  mac: "02:00:00:00:00:01",
  network: { address: "10.9.0.15/24", gateway: "10.9.0.2", nameserver: "10.9.0.3" },
  publish:
    hostPort === undefined
      ? []
      : [{ protocol: "tcp", hostAddress: "0.0.0.0", hostPort, guestPort: 80 }],
});
const plain: MachineSpec = {
  id: "abc",
  kernel: { path: "/k", initramfs: "/i", discovery: "cmdline" },
  ...{ accelerator: "fast", cpus: 1, memoryMiB: 128, runFolder: "/run/abc" },
  ...{ disks: [], nics: [] },
};

const cases: { less: Partial<Capabilities>; spec: Partial<MachineSpec>; says: RegExp }[] = [
  {
    less: { devices: 1 },
    spec: {
      disks: [{ name: "image0", format: "raw", path: "/d", readOnly: true }],
      nics: [user()],
    },
    says: /has 1 places for disks and network cards, and 2 are asked for$/,
  },
  {
    less: { diskFormats: ["raw"] },
    spec: { disks: [{ name: "image0", format: "vmdk", path: "/d", readOnly: true }] },
    says: /has no disks of format vmdk$/,
  },
  {
    less: { cards: ["user"] },
    spec: { nics: [user(), { kind: "tap", mac: "02:00:00:00:00:02", interface: "tap0" }] },
    says: /has no network cards of kind tap$/,
  },
  { less: { publishing: false }, spec: { nics: [user(8080)] }, says: /can't publish ports$/ },
  {
    less: { templates: false },
    spec: { template: { folder: "/t", use: "clone" } },
    says: /can't save or clone machines$/,
  },
];

for (const { less, spec, says } of cases) {
  const [name = ""] = Object.keys(less);
  test(`a machine that needs ${name} is refused by a driver without it, and only by that`, () => {
    const wanted = { ...plain, ...spec };
    requireSupport(driver({}), wanted);
    requireSupport(driver(less), plain);
    assert.throws(
      () => requireSupport(driver(less), wanted),
      (error: Error & { code: string }) => {
        assert.equal(error.code, "unsupported");
        assert.match(error.message, /^cannot start the machine: the hypervisor small /);
        assert.match(error.message, says);
        return true;
      },
    );
  });
}

test("pause, templates and files are refused by drivers that have none", () => {
  requirePause(driver({}));
  requireFileSharing(driver({}));
  requireTemplates(driver({}));
  assert.throws(() => requirePause(driver({ pause: false })), {
    code: "unsupported",
    message: "cannot pause: the hypervisor small can't stop a machine",
  });
  assert.throws(() => requireTemplates(driver({ templates: false })), { code: "unsupported" });
  assert.throws(() => requireFileSharing(driver({ fileSharing: false })), {
    code: "unsupported",
    message:
      "cannot start the machine: the hypervisor small can't share files of the host, which binds and volumes need",
  });
});

test("machines are cloned where they can get their disks and ports afterwards", () => {
  const clones = (less: Partial<Capabilities>, nics: NicSpec[]) =>
    canClone(driver(less), { ...plain, nics });
  assert.equal(clones({}, [user(8080)]), true);
  assert.equal(clones({ publishing: false }, [user()]), true);
  assert.equal(clones({ publishing: false }, [user(8080)]), false);
  assert.equal(clones({ diskExchange: false }, []), false);
  assert.equal(clones({ templates: false }, []), false);
});

test("an accelerator is auto or one that the driver knows", () => {
  for (const name of ["auto", "fast", "slow"]) checkAccelerator(driver({}), name);
  assert.throws(() => checkAccelerator(driver({}), "warp"), {
    code: "invalid",
    message: "invalid accelerator: warp: it is auto or one of fast, slow",
  });
});
