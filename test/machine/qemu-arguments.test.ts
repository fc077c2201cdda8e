import assert from "node:assert/strict";
import { test } from "node:test";
import { qemuArguments } from "../../src/machine/drivers/qemu/arguments.ts";
import { launched } from "../../src/machine/drivers/qemu/cards.ts";
import type { MachineSpec } from "../../src/machine/machine.ts";

const plain: MachineSpec = {
  id: "abc",
  kernel: { path: "/k/bzImage", initramfs: "/k/initramfs", discovery: "cmdline" },
  accelerator: "tcg",
  cpus: 1,
  memoryMiB: 512,
  disks: [],
  nics: [],
  runFolder: "/run/dvm/machines/abc",
};

const tapMac = "52:54:00:00:00:07";
const words = (spec: MachineSpec) => qemuArguments(spec, { returnsFreePages: false });

function valuesOf(spec: Partial<MachineSpec>, option: string): string[] {
  const list = qemuArguments({ ...plain, ...spec }, { returnsFreePages: true });
  return list.flatMap((word, index) => (list[index - 1] === option ? [word] : []));
}

test("by emulation the timers stay on and the CPU model is max without byte-wise string moves", () => {
  assert.deepEqual(valuesOf({}, "-M"), ["microvm,acpi=off,rtc=on,pic=on,pit=on,isa-serial=on"]);
  assert.deepEqual(valuesOf({}, "-cpu"), ["max,-erms,-fsrm"]);
});

test("only by emulation a kernel is told not to measure timers, and its rate only where it is ours", () => {
  const line = (spec: Partial<MachineSpec>) => valuesOf(spec, "-append")[0] ?? "";
  assert.match(line({}), /\bno_timer_check lapic_timer_khz=1000000 noreplace-smp\b/);
  assert.doesNotMatch(line({ cpus: 2 }), /noreplace-smp/);
  assert.doesNotMatch(line({ accelerator: "kvm" }), /timer|noreplace-smp/);
  const stock = { ...plain.kernel, discovery: "acpi" } as const;
  assert.doesNotMatch(line({ kernel: stock }), /lapic_timer_khz/);
});

test("under KVM the timers go and the CPU is the host's", () => {
  const kvm = { accelerator: "kvm" } as const;
  assert.deepEqual(valuesOf(kvm, "-accel"), ["kvm"]);
  assert.deepEqual(valuesOf(kvm, "-cpu"), ["host"]);
  assert.match(valuesOf(kvm, "-M")[0] ?? "", /rtc=off,pic=off,pit=off/);
});

test("a kernel without command line devices gets ACPI, and under KVM keeps its timers", () => {
  const kernel = { ...plain.kernel, discovery: "acpi" } as const;
  assert.match(valuesOf({ kernel, accelerator: "kvm" }, "-M")[0] ?? "", /acpi=on,rtc=on/);
});

test("every machine leaves by reboot and has the sandbox on", () => {
  assert.ok(words(plain).includes("-no-reboot"));
  assert.match(valuesOf({}, "-sandbox")[0] ?? "", /^on,/);
  assert.match(valuesOf({}, "-append")[0] ?? "", /\breboot=t\b/);
});

const parse = (text: string | undefined): unknown => JSON.parse(text ?? "null");

test("disks keep their order, are found by their names, and only the writable one can be written", () => {
  const disks: MachineSpec["disks"] = [
    { name: "image0", path: "/i,1.vmdk", format: "vmdk", readOnly: true },
    { name: "scratch0", path: "/s.img", format: "raw", readOnly: false },
  ];
  const [image, scratch] = valuesOf({ disks }, "-blockdev");
  const file = { driver: "file", filename: "/i,1.vmdk", "read-only": true };
  assert.deepEqual(parse(image), {
    ...{ driver: "raw", "node-name": "disk-image0", "read-only": true },
    file: { driver: "vmdk", file, "read-only": true },
  });
  assert.deepEqual(parse(scratch), {
    ...{ driver: "raw", "node-name": "disk-scratch0", "read-only": false },
    ...{ discard: "unmap", "detect-zeroes": "unmap" },
    file: { driver: "file", filename: "/s.img", "read-only": false, discard: "unmap" },
  });
  assert.deepEqual(
    valuesOf({ disks }, "-device").filter((device) => device.startsWith("virtio-blk")),
    [
      "virtio-blk-device,drive=disk-image0,serial=image0",
      "virtio-blk-device,drive=disk-scratch0,serial=scratch0,werror=enospc",
    ],
  );
});

test("a disk's name is one that its serial number can hold", () => {
  for (const name of ["", "image 0", "image,0", "a".repeat(21)]) {
    const disks = [{ name, format: "raw" as const, path: "/d", readOnly: true }];
    assert.throws(() => words({ ...plain, disks }), { code: "invalid" }, name);
  }
});

test("a machine that gets its disk later has one of zeros in its place", () => {
  const disks: MachineSpec["disks"] = [
    { name: "image0", format: "empty", bytes: 4096, readOnly: true },
  ];
  const [image] = valuesOf({ disks }, "-blockdev");
  const file = { driver: "null-co", size: 4096, "read-zeroes": true, "read-only": true };
  assert.deepEqual(parse(image), {
    ...{ driver: "raw", "node-name": "disk-image0", "read-only": true },
    file,
  });
});

test("a template's memory is a file that is written to, a clone's is private to it", () => {
  const template = (use: "make" | "clone") => ({ template: { folder: "/t,1", use } });
  const backend = "memory-backend-file,id=ram,size=512M,mem-path=/t,,1/ram";
  assert.deepEqual(valuesOf(template("make"), "-object"), [`${backend},share=on`]);
  assert.deepEqual(valuesOf(template("clone"), "-object"), [`${backend},share=off`]);
  assert.deepEqual(valuesOf({}, "-object"), []);
  for (const use of ["make", "clone"] as const)
    assert.match(valuesOf(template(use), "-M")[0] ?? "", /,memory-backend=ram$/);
});

test("a clone waits for its state and loads no kernel", () => {
  const clone = { template: { folder: "/t", use: "clone" } } as const;
  assert.deepEqual(valuesOf(clone, "-incoming"), ["defer"]);
  assert.ok(words({ ...plain, ...clone }).includes("-S"));
  assert.deepEqual(valuesOf(clone, "-kernel"), []);
  assert.deepEqual(valuesOf({}, "-incoming"), []);
});

test("freed memory goes back by a balloon, where that can be", () => {
  const balloon = "virtio-balloon-device,free-page-reporting=on";
  assert.ok(valuesOf({}, "-device").includes(balloon));
  assert.ok(!words(plain).includes(balloon));
});

test("published ports become forwards of the machine's own network", () => {
  const nics: MachineSpec["nics"] = [
    {
      kind: "user",
      mac: "52:54:00:00:00:01",
      network: { address: "10.9.0.15/24", gateway: "10.9.0.2", nameserver: "10.9.0.3" },
      publish: [
        { protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 8080, guestPort: 80 },
        { protocol: "udp", hostAddress: "0.0.0.0", hostPort: 53, guestPort: 53 },
      ],
    },
  ];
  assert.deepEqual(valuesOf({ nics }, "-netdev"), [
    "user,id=user0,ipv6=off,net=10.9.0.15/24,host=10.9.0.2,dns=10.9.0.3,dhcpstart=10.9.0.15,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp::53-:53",
  ]);
});

test("a card behind a TAP interface is QEMU's to open and nobody's to set up", () => {
  const nics: MachineSpec["nics"] = [{ kind: "tap", mac: tapMac, interface: "dvm-tap7" }];
  assert.deepEqual(valuesOf({ nics }, "-netdev"), [
    "tap,id=tap0,ifname=dvm-tap7,script=no,downscript=no",
  ]);
  assert.ok(
    valuesOf({ nics }, "-device").includes(
      `virtio-net-device,netdev=tap0,mac=${tapMac},guest_announce=off`,
    ),
  );
  for (const name of ["", "a b", "a,script=/x", "../tap", "sixteen-long-name"]) {
    const bad: MachineSpec["nics"] = [{ kind: "tap", mac: tapMac, interface: name }];
    assert.throws(() => words({ ...plain, nics: bad }), { code: "invalid" }, name);
  }
});

test("interfaces of a switch come from its launcher, as descriptors in the order of their cards", () => {
  const source = { launcher: "/dvm-switch", descriptorSocket: "/run/switch-fd.sock" };
  const tap = (name: string) => ({ kind: "tap" as const, mac: tapMac, interface: name, source });
  const nics: MachineSpec["nics"] = [
    tap("t0"),
    { kind: "tap", mac: tapMac, interface: "own" },
    tap("t1"),
  ];
  assert.deepEqual(valuesOf({ nics }, "-netdev"), [
    "tap,id=tap0,fd=10",
    "tap,id=tap1,ifname=own,script=no,downscript=no",
    "tap,id=tap2,fd=11",
  ]);
  assert.deepEqual(launched(nics, ["/qemu", "-S"]), [
    ...["/dvm-switch", "run", "/run/switch-fd.sock", "t0,t1", "--", "/qemu", "-S"],
  ]);
  assert.deepEqual(launched([], ["/qemu", "-S"]), ["/qemu", "-S"]);
  assert.throws(() => launched([tap("t0,t1")], ["/qemu"]), { code: "invalid" });
});

test("cards keep their order; the first on a user-mode network has the same name everywhere", () => {
  const user = {
    kind: "user" as const,
    mac: "52:54:00:00:00:01",
    network: { address: "10.9.0.15/24", gateway: "10.9.0.2", nameserver: "10.9.0.3" },
    publish: [],
  };
  const tap = { kind: "tap" as const, mac: tapMac, interface: "tap9" };
  const ids = valuesOf({ nics: [tap, user, tap, user] }, "-netdev").map(
    (net) => /id=(\w+)/.exec(net)?.[1],
  );
  assert.deepEqual(ids, ["tap0", "user0", "tap1", "user1"]);
});

test("an accelerator that QEMU has not is refused before anything starts", () => {
  assert.throws(() => words({ ...plain, accelerator: "warp" }), {
    code: "invalid",
    message: "cannot use accelerator warp: it is none of kvm, tcg",
  });
});

test("a machine without a network card has no network at all", () => {
  assert.deepEqual(valuesOf({}, "-netdev"), []);
});
