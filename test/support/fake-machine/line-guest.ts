import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { systemErrorCode } from "../../../src/base/errors.ts";
import type { FakeBoard, FakeGuestMaker } from "../../../src/machine/drivers/fake/fake-guest.ts";
import type { DiskSpec, ShareSpec } from "../../../src/machine/machine.ts";
import { guestPort, portGreeting } from "../line-commands.ts";

/** The conformance suite's guest for fake machines: answers by what its machine is made of. */
export const lineGuest: FakeGuestMaker = (board, saved) => {
  let count = Number(saved ?? 0);
  const serve = (connection: Duplex) => {
    createInterface({ input: connection }).on("line", (line) => {
      count += 1;
      connection.write(`${count} ${answer(board, line)}\n`);
    });
  };
  return {
    serve,
    accept: (connection, port) => connection.end(port === guestPort ? `${portGreeting}\n` : ""),
    receive: () => undefined,
    save: () => String(count),
    end: () => {},
  };
};

function answer(board: FakeBoard, line: string): string {
  const [what = "", which = "", verb = "", ...rest] = line.split(" ");
  const { disks, nics } = board.spec;
  if (what === "disk")
    return onDisk(
      disks.find(({ name }) => name === which),
      verb,
      rest,
    );
  if (what === "card") return nics[Number(which)]?.mac ?? "none";
  if (what === "share") return onShare(board, which, [verb, ...rest]);
  return line;
}

function onDisk(disk: DiskSpec | undefined, verb: string, [word = ""]: string[]): string {
  if (disk === undefined) return "absent";
  if (verb === "write")
    return disk.readOnly || disk.format === "empty" ? "refused" : write(disk.path, word, "r+");
  return disk.format === "empty" ? "nothing" : firstLine(disk.path);
}

function onShare(board: FakeBoard, tag: string, [verb, name = "", word = ""]: string[]): string {
  const share = board.spec.shares.find((one) => one.tag === tag);
  if (share === undefined) return "absent";
  const path = boundFile(board, share, name) ?? join(share.path, basename(name));
  if (verb === "write") return share.readOnly ? "refused" : write(path, word, "w");
  return firstLine(path);
}

/** A file of the host that this machine sees in the place of one of its shares. */
function boundFile({ spec }: FakeBoard, share: ShareSpec, name: string): string | undefined {
  return spec.fileBinds.find(({ target }) => target === join(share.path, name))?.source;
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, "utf8").split("\n", 1)[0]?.replaceAll("\0", "") || "nothing";
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
    return "absent";
  }
}

function write(path: string, word: string, flag: "r+" | "w"): string {
  writeFileSync(path, `${word}\n`, { flag });
  return "written";
}
