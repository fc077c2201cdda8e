import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { readAnswer, type Query, responseCode } from "./message.ts";

const answerLimitMs = 4000;
const serversAsked = 3;

export interface AskOptions {
  servers: readonly string[];
  /** By TCP, as the client asked. */
  isLong: boolean;
  port?: number;
}

/**
 * What the first of name servers says that says anything but that it can't; undefined: none does.
 * Goes by this process's network.
 */
export async function askServers(query: Query, options: AskOptions): Promise<Buffer | undefined> {
  const { servers, isLong, port = 53 } = options;
  const id = query.bytes.readUInt16BE(0);
  for (const address of servers.slice(0, serversAsked)) {
    // one of its own: it isn't to be guessed by who would answer in the server's place
    const asked = withId(query, randomInt(65_536));
    const ask = isLong ? askByTcp : askByUdp;
    const answer = await ask(asked, { address, port });
    const said = answer && readAnswer(asked, answer);
    if (answer === undefined || said === undefined) continue;
    if (said.code === responseCode.server || said.code === responseCode.refused) continue;
    answer.writeUInt16BE(id, 0);
    return answer;
  }
  return undefined;
}

function withId(query: Query, id: number): Query {
  const bytes = Buffer.from(query.bytes);
  bytes.writeUInt16BE(id, 0);
  return { ...query, bytes };
}

interface Server {
  address: string;
  port: number;
}

/** Undefined: it doesn't answer, or isn't there. */
function askByUdp(query: Query, { address, port }: Server): Promise<Buffer | undefined> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  return within(answerLimitMs, (resolve) => {
    socket.on("error", () => resolve(undefined));
    socket.on("message", (message) => {
      if (readAnswer(query, message) !== undefined) resolve(message);
    });
    socket.connect(port, address, () => socket.send(query.bytes));
    return () => socket.close();
  });
}

function askByTcp(query: Query, { address, port }: Server): Promise<Buffer | undefined> {
  const socket = connect({ host: address, port });
  return within(answerLimitMs, (resolve) => {
    let text = Buffer.alloc(0);
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(undefined));
    socket.on("data", (part) => {
      text = Buffer.concat([text, part]);
      const length = text.length < 2 ? Infinity : 2 + text.readUInt16BE(0);
      if (text.length >= length) resolve(Buffer.from(text.subarray(2, length)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.bytes.length);
    socket.write(Buffer.concat([length, query.bytes]));
    return () => socket.destroy();
  });
}

/** What is told first; undefined when the time is over. `begin` gives what ends it. */
function within<T>(
  limitMs: number,
  begin: (resolve: (value: T | undefined) => void) => () => void,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    let end = () => {};
    let isOver = false;
    const finish = (value: T | undefined) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      end();
      resolve(value);
    };
    const timer = setTimeout(finish, limitMs, undefined);
    end = begin(finish);
  });
}
