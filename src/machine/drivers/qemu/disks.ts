import { DvmError } from "../../../base/errors.ts";
import type { DiskContent, DiskSpec } from "../../machine.ts";
import type { QmpConnection } from "./qmp.ts";

/** virtio's serial number holds twenty bytes. */
const namePattern = /^[a-zA-Z0-9-]{1,20}$/;

/** A virtio disk: the guest's device is bound to a node that stays, whatever is put behind it. */
export function diskArguments(disk: DiskSpec): string[] {
  const node = JSON.stringify({
    ...diskNode(disk.name),
    ...diskAccess(disk),
    file: diskContent(disk),
  });
  const device = [
    `virtio-blk-device,drive=${diskNode(disk.name)["node-name"]},serial=${disk.name}`,
    // an error would have the guest lose what it has written: it stands still, see `isOutOfSpace`
    ...(disk.readOnly ? [] : ["werror=enospc"]),
  ].join(",");
  return ["-blockdev", node, "-device", device];
}

/** Puts `disk` behind the device of this name, in place of what is there. */
export async function exchangeDisk(
  control: QmpConnection,
  name: string,
  disk: DiskContent,
): Promise<void> {
  const node = diskNode(name);
  const known = nodeNames(await control.execute("query-named-block-nodes", { flat: true }));
  if (!known.has(node["node-name"]))
    throw new DvmError("not-found", `cannot exchange disk ${name}: the machine has none`);
  // one of the two is behind the device, unless that still has what it was started with
  const [next = "", before = ""] = contentNodes(name).sort(
    (a, b) => Number(known.has(a)) - Number(known.has(b)),
  );
  await control.execute("blockdev-add", { "node-name": next, ...diskContent(disk) });
  try {
    const options = [{ ...node, ...diskAccess(disk), file: next }];
    await control.execute("blockdev-reopen", { options });
  } catch (error) {
    await control.execute("blockdev-del", { "node-name": next });
    throw error;
  }
  // a VMDK that is open forbids to save the machine
  if (known.has(before)) await control.execute("blockdev-del", { "node-name": before });
}

function diskNode(name: string): { driver: "raw"; "node-name": string } {
  if (!namePattern.test(name))
    throw new DvmError("invalid", `cannot name a disk ${JSON.stringify(name)}`);
  return { driver: "raw", "node-name": `disk-${name}` };
}

function contentNodes(name: string): string[] {
  return [`in-${name}-a`, `in-${name}-b`];
}

function nodeNames(answer: unknown): Set<string> {
  const nodes: unknown[] = Array.isArray(answer) ? answer : [];
  return new Set(
    nodes.flatMap((node) => {
      const isNamed = typeof node === "object" && node !== null && "node-name" in node;
      return isNamed ? [String(node["node-name"])] : [];
    }),
  );
}

function diskAccess({ readOnly }: DiskContent): Record<string, unknown> {
  return readOnly
    ? { "read-only": true }
    : { "read-only": false, discard: "unmap", "detect-zeroes": "unmap" };
}

function diskContent(disk: DiskContent): Record<string, unknown> {
  if (disk.format === "empty")
    return { driver: "null-co", size: disk.bytes, "read-zeroes": true, "read-only": disk.readOnly };
  const file = {
    driver: disk.format === "device" ? "host_device" : "file",
    filename: disk.path,
    "read-only": disk.readOnly,
    ...(disk.readOnly ? {} : { discard: "unmap" }),
  };
  if (disk.format !== "vmdk") return file;
  return { driver: disk.format, file, "read-only": disk.readOnly };
}
