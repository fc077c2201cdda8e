import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { QmpConnection } from "../../src/machine/drivers/qemu/qmp.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const deadlines = { openMs: 300, answerMs: 300, eventMs: 300 };
const greeting = '{"QMP": {"version": {}, "capabilities": []}}\n';

interface Command {
  execute: string;
  id: number;
}

/** What a VMM says to `command`; undefined: nothing. */
type Script = (command: Command, socket: Socket) => string | undefined;

const answers = ({ id }: Command) => `{"return": {}, "id": ${id}}\n`;

/** A VMM that greets and takes the greeting's answer as QEMU does, and goes on by `script`. */
async function withVmm(
  script: Script,
  action: (control: QmpConnection) => Promise<void>,
  hello = greeting,
): Promise<void> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "qmp.sock");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket));
    socket.write(hello);
    createInterface({ input: socket }).on("line", (line) => {
      const command: Command = JSON.parse(line);
      const isGreeting = command.execute === "qmp_capabilities";
      const said = isGreeting && hello === greeting ? answers(command) : script(command, socket);
      if (said !== undefined) socket.write(said);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  try {
    await using control = await QmpConnection.open(path, () => false, deadlines);
    await action(control);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test("each command gets its own answer, whatever the order, and errors are told", async () => {
  const held: Command[] = [];
  const outOfOrder: Script = (command) => {
    held.push(command);
    if (held.length < 3) return undefined;
    const [first, second, third] = held.map(({ id }) => id);
    return (
      `{"error": {"class": "GenericError", "desc": "no third"}, "id": ${third}}\n` +
      `{"return": "first", "id": ${first}}\r\n{"return": "second", "id": ${second}}\n`
    );
  };
  await withVmm(outOfOrder, async (control) => {
    const results = await Promise.allSettled(["a", "b", "c"].map((name) => control.execute(name)));
    assert.deepEqual(
      results.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason.message))),
      ["first", "second", 'cannot control QEMU: {"class":"GenericError","desc":"no third"}'],
    );
  });
});

test("messages come in pieces, several at once, and events between answers", async () => {
  const inPieces: Script = ({ id }, socket) => {
    const text = `{"event": "STOP", "data": {"a": "ü"}}\n{"return": "ü", "id": ${id}}\n`;
    for (const byte of Buffer.from(text)) socket.write(Buffer.from([byte]));
    return undefined;
  };
  await withVmm(inPieces, async (control) => {
    const event = control.event(({ event, data }) => event === "STOP" && data["a"] === "ü");
    assert.equal(await control.execute("stop"), "ü");
    await event;
  });
});

const broken: { what: string; says: string; message: RegExp }[] = [
  { what: "no JSON", says: "this is not JSON\n", message: /what is no message: this is not JSON/ },
  { what: "half a message", says: '{"return": {}\n', message: /what is no message/ },
  { what: "JSON that is no message", says: '["return"]\n', message: /what is no message/ },
  { what: "an unknown message", says: '{"hello": 1}\n', message: /what is no message/ },
  { what: "a message too deep", says: `${"[".repeat(9_999)}\n`, message: /what is no message/ },
  { what: "an event of another shape", says: '{"event": 7}\n', message: /what is no message/ },
  { what: "an answer to nobody", says: '{"return": {}, "id": 99}\n', message: /nobody waits for/ },
  { what: "an answer without an id", says: '{"return": {}}\n', message: /nobody waits for/ },
  { what: "a line without an end", says: "x".repeat(3 * 2 ** 20), message: /line without an end/ },
];

for (const { what, says, message } of broken) {
  test(`a VMM that says ${what} fails its caller, and only this connection`, async () => {
    await withVmm(
      () => says,
      async (control) => {
        const event = assert.rejects(
          control.event(() => true),
          { code: "damaged" },
        );
        await assert.rejects(control.execute("stop"), { code: "damaged", message });
        await event;
        await assert.rejects(control.execute("cont"), { code: "damaged", message });
      },
    );
  });
}

test("a VMM that says nothing fails each caller with a deadline", async () => {
  await withVmm(
    () => undefined,
    async (control) => {
      const both = [control.execute("stop"), control.execute("query-status")];
      for (const one of both)
        await assert.rejects(one, {
          code: "deadline",
          message: "cannot control QEMU: it gave no answer within 0.3 s (stop)",
        });
    },
  );
  await withVmm(answers, (control) =>
    assert.rejects(
      control.event(() => true),
      { code: "deadline" },
    ),
  );
});

test("a VMM that doesn't greet, or greets by garbage, is an error of the opening", async () => {
  const never: Script = () => undefined;
  await assert.rejects(
    withVmm(never, async () => assert.fail(), ""),
    { code: "deadline" },
  );
  await assert.rejects(
    withVmm(never, async () => assert.fail(), "SSH-2.0-OpenSSH\n"),
    {
      code: "damaged",
    },
  );
});

test("a VMM that goes in the middle of an answer fails its callers", async () => {
  const leaves: Script = (_, socket) => {
    socket.end('{"return": ');
    return undefined;
  };
  await withVmm(leaves, async (control) => {
    const event = assert.rejects(
      control.event(() => true),
      { code: "unavailable" },
    );
    await assert.rejects(control.execute("stop"), {
      code: "unavailable",
      message: "cannot control QEMU: its control socket has closed",
    });
    await event;
  });
});

test("after what was answered in time no deadline is left to fail", async () => {
  await withVmm(answers, async (control) => {
    await control.execute("stop");
    await delay(deadlines.answerMs + 100);
    assert.deepEqual(await control.execute("cont"), {});
  });
});
