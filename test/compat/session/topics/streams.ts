import { asObject, requireText } from "../../../../src/client/json.ts";
import type { Session } from "../session.ts";

const Image = "busybox";
const logged = "echo out; echo err >&2; echo more";

/** Execs: made, started, looked at, refused. */
export async function execs(session: Session): Promise<void> {
  await session.prepare("POST /containers/create?name=execs", {
    body: { Image, Cmd: ["sleep", "1000"], Env: ["FROM=container"], WorkingDir: "/tmp" },
  });
  await session.prepare("POST /containers/execs/start");
  const bodies: Record<string, { create: object; start?: object; input?: string }> = {
    "both outputs": { create: { Cmd: ["sh", "-c", logged] } },
    "a terminal": {
      create: { Cmd: ["sh", "-c", "tty; echo end"], Tty: true },
      start: { Tty: true },
    },
    input: { create: { Cmd: ["cat"], AttachStdin: true }, input: "given\n" },
    "environment and folder": {
      create: {
        Cmd: ["sh", "-c", "echo $FROM $A; pwd; id -u"],
        Env: ["A=b"],
        WorkingDir: "/",
        User: "1",
      },
    },
    "an exit code": { create: { Cmd: ["sh", "-c", "exit 9"] } },
    "no such program": { create: { Cmd: ["nosuch"] } },
    "no program": { create: { Cmd: ["/etc/passwd"] } },
    "no such user": { create: { Cmd: ["true"], User: "nosuch" } },
    "no such folder": { create: { Cmd: ["true"], WorkingDir: "/nosuch" } },
  };
  for (const [note, { create, start, input }] of Object.entries(bodies)) {
    const body = { AttachStdout: true, AttachStderr: true, ...create };
    await exec(session, note, { body, start: start ?? {}, input: input ?? "" });
  }
  await session.call("POST /containers/execs/exec", { body: {}, note: "no command" });
  await session.call("POST /containers/execs/exec", { body: { Cmd: "x y" }, note: "a text" });
  await session.call("POST /containers/execs/exec", {
    ...{ body: { Cmd: ["x"], DetachKeys: "bogus" }, note: "detach keys" },
  });
  await session.call("GET /exec/nosuch/json");
  await session.call("POST /exec/nosuch/start", { body: {} });
  await session.call("POST /exec/nosuch/resize?h=1&w=1");
  await session.prepare("DELETE /containers/execs?force=1");
}

async function exec(
  session: Session,
  note: string,
  { body, start, input }: { body: object; start: object; input: string },
): Promise<void> {
  const made = await session.call("POST /containers/execs/exec", { body, note });
  if (made.status !== 201) return;
  const id = requireText(asObject(made.body), "Id");
  const named = { name: `exec: ${note}` };
  await session.converse(`POST /exec/${id}/start`, { body: start, input, ...named });
  await session.until(`GET /exec/${id}/json`, (told) => asObject(told)["Running"] === false);
  await session.call(`GET /exec/${id}/json`, { name: `exec's inspect: ${note}` });
  await session.call(`POST /exec/${id}/start`, { body: start, name: `exec again: ${note}` });
}

/** Attach and logs, of pipes and of a terminal. */
export async function outputs(session: Session): Promise<void> {
  for (const Tty of [false, true]) {
    const name = Tty ? "at-terminal" : "at-pipes";
    const body = {
      ...{ Image, Tty, OpenStdin: true, StdinOnce: true },
      Cmd: ["sh", "-c", `${logged}; read x; echo got $x`],
    };
    await session.prepare(`POST /containers/create?name=${name}`, { body });
    await session.prepare(`POST /containers/${name}/start`);
    await session.until(`GET /containers/${name}/logs?stdout=1`, (text) =>
      /more/.test(JSON.stringify(text)),
    );
    await session.converse(`POST /containers/${name}/attach?logs=1`, {});
    await session.converse(`POST /containers/${name}/attach?stream=1&stdin=1&stdout=1&stderr=1`, {
      ...{ input: "word\n", keepOpen: Tty },
    });
    await session.prepare(`POST /containers/${name}/wait`);
    for (const query of [
      ...["stdout=1", "stderr=1", "stdout=1&stderr=1", "stdout=1&tail=1", "stdout=1&tail=0"],
      ...[
        "stdout=1&timestamps=1",
        "stdout=1&tail=x",
        "stdout=1&since=99999999999",
        "",
        "stdout=1&since=x",
      ],
      ...["stdout=1&until=1", "stdout=1&follow=1", "stdout=1&details=1"],
    ])
      await session.call(`GET /containers/${name}/logs?${query}`);
    await session.call(`GET /v1.41/containers/${name}/logs?stdout=1`);
    await session.prepare(`DELETE /containers/${name}`);
  }
  await session.converse("POST /containers/nobody/attach?stream=1&stdout=1", { note: "stream" });
}
