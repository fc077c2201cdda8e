import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { systemErrorCode } from "../../../src/base/errors.ts";
import type { FakeBoard, FakeGuestMaker } from "../../../src/machine/drivers/fake/fake-guest.ts";
import type { DiskSpec } from "../../../src/machine/machine.ts";
import { guestPort, portGreeting } from "../line-commands.ts";

/** The conformance suite's guest for fake machines: answers by what its machine is made of. */
export const lineGuest: FakeGuestMaker = (board, saved) => {
  let count = Number(saved ?? 0);
  const serve = (connection: Duplex) => {
    createInterface({ input: connection }).on("line", (line) => {
      count += 1;
      const number = count;
      void onFiles(files.promise, line).then((said) =>
        connection.write(`${number} ${said ?? answer(board, line)}\n`),
      );
    });
  };
  const files = Promise.withResolvers<Duplex>();
  return {
    serve,
    serveFiles: (connection) => files.resolve(connection),
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
  return line;
}

async function onFiles(port: Promise<Duplex>, command: string): Promise<string | undefined> {
  const [what, word] = command.split(" ");
  if (what !== "files") return undefined;
  const connection = await port;
  const [line] = await once(createInterface({ input: connection }), "line");
  connection.write(`${word}: ${line}\n`);
  return "said";
}

function onDisk(disk: DiskSpec | undefined, verb: string, [word = ""]: string[]): string {
  if (disk === undefined) return "absent";
  if (verb === "write")
    return disk.readOnly || disk.format === "empty" ? "refused" : write(disk.path, word, "r+");
  return disk.format === "empty" ? "nothing" : firstLine(disk.path);
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
