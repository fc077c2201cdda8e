import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Tool } from "./tools.ts";

/** A guest that comes up at all does so within a second. */
const deadlineMs = 8_000;
const askAgainMs = 250;
const endMs = 2_000;
const errorBytes = 4096;
/** First frame of the agent's protocol, guest/protocol.h: SYNC, which it answers with the same. */
const syncMagic = Buffer.from("d744564d0a91e23c5ba816f470cd2e8b", "hex");
const syncType = 1;
const frameTrailer = 0x214d5644;

export interface GuestParts {
  kernel: string;
  initramfs: string;
  discovery: "acpi" | "cmdline";
}

/**
 * Runs a guest under KVM until its agent answers, from user space then, and ends it. Gives undefined
 * when it did, else what happened instead. Its end is sure: `timeout` sees to it should we die.
 */
export async function tryKvmGuest(
  qemu: Tool,
  parts: GuestParts,
  limitMs = deadlineMs,
): Promise<string | undefined> {
  const command = [qemu.path, ...qemu.arguments, ...guestArguments(parts)];
  const limit = ["--signal=KILL", String((limitMs + endMs) / 1000)];
  const child = spawn("timeout", [...limit, ...command], {
    // a group of its own: timeout and QEMU are ended together
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...qemu.environment },
  });
  const ended = endOf(child);
  const answered = agentAnswer(child);
  const errors = collectErrors(child);
  const late = new AbortController();
  const lateness = delay(limitMs, "late" as const, { signal: late.signal }).catch(
    () => "late" as const,
  );
  const outcome = await Promise.race([answered, ended, lateness]);
  late.abort();
  killGroup(child);
  await Promise.race([ended, delay(endMs, undefined, { ref: false })]);
  if (outcome === "answered") return undefined;
  const said = errors();
  const fact =
    outcome === "late"
      ? `a guest gave no sign of life within ${limitMs / 1000} s`
      : "QEMU ended before its guest gave a sign of life";
  return said === "" ? fact : `${fact} (${said})`;
}

/** As small as it can be, and otherwise as the QEMU driver starts its machines. */
function guestArguments({ kernel, initramfs, discovery }: GuestParts): string[] {
  const legacy = discovery === "cmdline" ? "off" : "on";
  const acpi = discovery === "acpi" ? "on" : "off";
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-M", `microvm,acpi=${acpi},rtc=${legacy},pic=${legacy},pit=${legacy},isa-serial=on`],
    ...["-accel", "kvm", "-cpu", "host", "-smp", "1", "-m", "128M"],
    ...["-kernel", kernel, "-initrd", initramfs, "-append", "quiet panic=-1 reboot=t"],
    ...["-chardev", "stdio,id=agent,signal=off", "-device", "virtio-serial-device,max_ports=2"],
    ...["-device", "virtserialport,chardev=agent,name=dvm.agent"],
  ];
}

/** Asks again and again: what comes before the guest has opened its port may be dropped. */
function agentAnswer(child: ChildProcess): Promise<"answered"> {
  const { stdin, stdout } = child;
  return new Promise((resolve) => {
    if (stdin === null || stdout === null) return;
    stdin.on("error", () => {});
    const ask = setInterval(() => stdin.write(syncFrame()), askAgainMs);
    let tail = Buffer.alloc(0);
    stdout.on("data", (bytes: Buffer) => {
      tail = Buffer.concat([tail.subarray(-syncMagic.length), bytes]);
      if (!tail.includes(syncMagic)) return;
      resolve("answered");
    });
    child.once("close", () => clearInterval(ask));
  });
}

function syncFrame(): Buffer {
  const payload = Buffer.concat([syncMagic, randomBytes(16)]);
  const frame = Buffer.alloc(12 + payload.length + 4);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt16LE(syncType, 4);
  payload.copy(frame, 12);
  frame.writeUInt32LE(frameTrailer, 12 + payload.length);
  return frame;
}

function endOf(child: ChildProcess): Promise<"ended"> {
  return new Promise((resolve) => {
    child.once("error", () => resolve("ended"));
    child.once("close", () => resolve("ended"));
  });
}

function collectErrors(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    if (text.length < errorBytes) text += bytes.toString("latin1");
  });
  child.once("error", (error) => (text += error.message));
  return () => (text.split("\n")[0] ?? "").replace(/^.*qemu-system-x86_64: /, "").trim();
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}
