import { readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { describeError } from "../../base/errors.ts";
import type { ContainerNames } from "./container-names.ts";
import { NameBook } from "./name-book.ts";
import { answerFrame, askFrame, RelayReader } from "./relay-frames.ts";
import { Resolver, type ResolverParts } from "./resolver.ts";

/** Of a client that takes no answers: its queries are left where they are. */
const backlogBytes = 1 << 20;
const connectionsOfOne = 4;
const controlLineLimit = 1024;

/**
 * Serves names to relays and takes orders, in the folder that this process is in, until its end:
 * `set CONTAINER` reads its file and opens its socket, `remove CONTAINER` closes that,
 * `refused CONTAINER` tells what it was not answered, as JSON.
 */
export function serveNames(control: string, parts: Omit<ResolverParts, "book">): void {
  const book = new NameBook();
  const resolver = new Resolver({ ...parts, book });
  const servers = new Map<string, Server>();
  const set = async (container: string): Promise<void> => {
    const names = JSON.parse(readFileSync(`${container}.json`, "utf8")) as ContainerNames;
    book.set(names);
    if (!servers.has(container)) servers.set(container, await openSocket(container, resolver));
  };
  const remove = (container: string): void => {
    book.remove(container);
    resolver.refusals.forget(container);
    servers.get(container)?.close();
    servers.delete(container);
    rmSync(socketName(container), { force: true });
  };
  const obey = async (line: string): Promise<string> => {
    const [, order, container = ""] = /^(set|remove|refused) ([0-9a-f]{64})$/.exec(line) ?? [];
    try {
      if (order === "set") await set(container);
      else if (order === "remove") remove(container);
      else if (order === "refused") return `ok ${JSON.stringify(resolver.refusals.of(container))}`;
      else return `error ${line} says nothing`;
      return "ok";
    } catch (error) {
      return `error ${describeError(error).replaceAll("\n", " ")}`;
    }
  };
  const known = readdirSync(".").flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? []);
  void Promise.all(known.map((container) => obey(`set ${container}`))).then(() => {
    rmSync(control, { force: true });
    createServer((socket) => void obeyLines(socket, obey)).listen(control);
  });
}

export function socketName(container: string): string {
  return `${container.slice(0, 12)}.sock`;
}

function openSocket(container: string, resolver: Resolver): Promise<Server> {
  const path = socketName(container);
  rmSync(path, { force: true });
  const server = createServer((socket) => speakToRelay(socket, container, resolver));
  server.maxConnections = connectionsOfOne;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve(server));
  });
}

function speakToRelay(socket: Socket, container: string, resolver: Resolver): void {
  const reader = new RelayReader();
  socket.on("error", () => socket.destroy());
  socket.on("data", (part) => {
    const queries = reader.read(part);
    if (queries === undefined) {
      socket.destroy();
      return;
    }
    for (const { tag, isLong, message } of queries)
      void resolver.resolve(container, message, { isLong }).then((verdict) => {
        if (verdict === undefined || socket.writableLength > backlogBytes) return;
        const frame =
          "ask" in verdict ? askFrame(tag, verdict.ask) : answerFrame(tag, verdict.answer);
        socket.write(frame);
      });
  });
}

async function obeyLines(socket: Socket, obey: (line: string) => Promise<string>): Promise<void> {
  let text = "";
  let last = Promise.resolve();
  socket.on("error", () => socket.destroy());
  socket.setEncoding("utf8").on("data", (part: string) => {
    const lines = (text + part).split("\n");
    text = lines.pop() ?? "";
    if (text.length > controlLineLimit) socket.destroy();
    for (const line of lines)
      last = last.then(async () => {
        const answer = await obey(line);
        if (!socket.destroyed) socket.write(`${answer}\n`);
      });
  });
}
