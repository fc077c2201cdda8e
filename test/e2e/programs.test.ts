import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { file, folder, link, loadMadeImage } from "../support/load-made-image.ts";
import { TestDaemon } from "../support/test-daemon.ts";

// What can't be run, and how it is told. dockerd 20.10 with runc 1.1.5 said the same of it.

const program = (path: string, content: string | Buffer) => file(path, content, 0o755);

let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadMadeImage(daemon, "programs", {
    entries: [
      folder("t"),
      file("t/no-mode", "#!/bin/sh\necho no\n"),
      program("t/crlf", "#!/bin/sh\r\necho no\r\n"),
      program("t/no-interpreter", "#!/no/such/interpreter\n"),
      program("t/folder-interpreter", "#!/bin\n"),
      program("t/interpreter-without-mode", "#!/t/no-mode\n"),
      program("t/empty", ""),
      program("t/text", "echo no\n"),
      program(
        "t/broken-elf",
        Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01"), Buffer.alloc(99)]),
      ),
      program("t/bom", "\uFEFF#!/bin/sh\necho no\n"),
      program("t/self", "#!/t/self\n"),
      program("t/chain", "#!/t/chain2\n"),
      program("t/chain2", "#!/bin/sh\necho chain\n"),
      program("t/arguments", "#!/bin/echo -n a b\n"),
      { path: "t/fifo", type: "6", mode: 0o755 },
      folder("t/locked", 0o700),
      program("t/locked/prog", "#!/bin/sh\necho locked\n"),
      file("t/only-roots", "#!/bin/sh\necho no\n", 0o700),
      link("t/dangling", "/nowhere"),
      link("t/loop", "loop"),
      file("bin/no-mode", "x"),
    ],
  });
  await daemon.succeeds(["run", "-d", "--name", "host", "programs", "sleep", "10000"]);
});
after(() => daemon?.[Symbol.asyncDispose]());

const notFound = (name: string) => `exec: "${name}": executable file not found in $PATH`;
const noStat = (path: string, why: string) => `exec: "${path}": stat ${path}: ${why}`;
const denied = (path: string) => `exec: "${path}": permission denied`;

interface Refusal {
  command: string;
  message: string;
  /** Of `run`. */
  code: number;
  flags?: string[];
}

const refusals: Refusal[] = [
  { command: "nosuch", message: notFound("nosuch"), code: 127 },
  { command: "no-mode", message: notFound("no-mode"), code: 127 },
  { command: "", message: notFound(""), code: 127 },
  { command: ".", message: notFound("."), code: 127 },
  { command: "sh -c", message: notFound("sh -c"), code: 127 },
  { command: 'a"b\n', message: notFound('a\\"b\\n'), code: 127 },
  { command: "/nosuch", message: noStat("/nosuch", "no such file or directory"), code: 127 },
  { command: "./nosuch", message: noStat("./nosuch", "no such file or directory"), code: 127 },
  {
    command: "/t/dangling",
    message: noStat("/t/dangling", "no such file or directory"),
    code: 127,
  },
  {
    command: "/t/loop",
    message: noStat("/t/loop", "too many levels of symbolic links"),
    code: 125,
  },
  { command: "/bin/sh/", message: noStat("/bin/sh/", "not a directory"), code: 125 },
  { command: "/t/no-mode", message: denied("/t/no-mode"), code: 126 },
  { command: "t/no-mode", message: denied("t/no-mode"), code: 126 },
  { command: "/t", message: denied("/t"), code: 126 },
  { command: "/", message: denied("/"), code: 126 },
  { command: "/etc/passwd", message: denied("/etc/passwd"), code: 126 },
  {
    command: "/t/only-roots",
    message: "exec /t/only-roots: permission denied",
    code: 126,
    flags: ["-u", "app"],
  },
  {
    command: "/t/locked/prog",
    message: noStat("/t/locked/prog", "permission denied"),
    code: 126,
    flags: ["-u", "app"],
  },
  {
    command: "chain",
    message: 'exec: "chain": cannot run executable found relative to current directory',
    code: 125,
    flags: ["-w", "/t", "-e", "PATH=.:/bin"],
  },
  { command: "sh", message: notFound("sh"), code: 127, flags: ["-e", "PATH="] },
];

/** What stands before the reason in dockerd's words, and behind one of a wrong kind of file. */
const execFailed = "OCI runtime exec failed: exec failed: unable to start container process: ";
const mountAdvice =
  ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";

test("exec of what can't be run ends with docker's exit code, and its output says why", async () => {
  for (const { command, message, code, flags = [] } of refusals) {
    const result = await daemon.dvm(["exec", ...flags, "host", command]);
    const isNoFolder = message.endsWith("not a directory");
    const stdout = `${execFailed}${message}${isNoFolder ? mountAdvice : ""}\r\n`;
    const exitCode = isNoFolder ? 127 : code === 125 ? 128 : code;
    assert.deepEqual(result, { code: exitCode, stdout, stderr: "" }, command);
  }
});

test("the docker CLI's exec says the same, and ends with 1 when it is detached", async () => {
  for (const { command, message } of refusals.slice(0, 2)) {
    const result = await daemon.docker(["exec", "host", command]);
    assert.deepEqual(result, { code: 127, stdout: `${execFailed}${message}\r\n`, stderr: "" });
    const detached = ["exec", "-d", "host", command];
    for (const asked of [daemon.docker(detached), daemon.dvm(detached)]) {
      const { code, stdout, stderr } = await asked;
      assert.deepEqual([code, stdout], [1, ""]);
      assert(stderr.includes(message), stderr);
    }
  }
});

test("run of what can't be run is refused with docker's exit code, and so is start", async () => {
  for (const { command, message, code, flags = [] } of refusals) {
    const result = await daemon.dvm(["run", "--rm", ...flags, "programs", command]);
    assert(result.stderr.includes(message), `${command}: ${result.stderr}`);
    assert.equal(result.code, code, command);
  }
  await daemon.succeeds(["create", "--name", "never", "programs", "/etc/passwd"]);
  const started = await daemon.dvm(["start", "-a", "never"]);
  assert.equal(started.code, 1);
  const state = await daemon.succeeds(["inspect", "-f", "{{.State.ExitCode}}", "never"]);
  assert.equal(state, "126\n");
  const quiet = await daemon.docker(["run", "--rm", "programs", "nosuch"]);
  assert.equal(quiet.code, 127);
  assert.doesNotMatch(quiet.stderr, /Error waiting for container/);
});

const unrunnable: [string, string][] = [
  ["/t/crlf", "no such file or directory"],
  ["/t/no-interpreter", "no such file or directory"],
  ["/t/folder-interpreter", "permission denied"],
  ["/t/interpreter-without-mode", "permission denied"],
  ["/t/empty", "exec format error"],
  ["/t/text", "exec format error"],
  ["/t/broken-elf", "exec format error"],
  ["/t/bom", "exec format error"],
  ["/t/fifo", "permission denied"],
  ["/t/self", "too many levels of symbolic links"],
];

test("what is only found out when it is run ends with 1, and says why on its own stderr", async () => {
  for (const [index, [path, why]] of unrunnable.entries()) {
    const wanted = { code: 1, stdout: "", stderr: `exec ${path}: ${why}\n` };
    assert.deepEqual(await daemon.dvm(["exec", "host", path]), wanted);
    if (index < 5)
      assert.deepEqual(await daemon.dvm(["run", "--rm", "programs", path]), wanted, path);
  }
  const withInit = await daemon.dvm(["run", "--rm", "--init", "programs", "/t/text"]);
  assert.equal(withInit.code, 1);
});

test("what can be run is run: by scripts of scripts, in folders of root's, by relative paths", async () => {
  const expected: [string[], string][] = [
    [["/t/chain"], "chain\n"],
    [["/t/arguments"], "-n a b /t/arguments\n"],
    [["/t/locked/prog"], "locked\n"],
    [["bin/echo", "relative"], "relative\n"],
    [["-e", "PATH=/nowhere:/etc/passwd:/t/", "chain2"], "chain\n"],
  ];
  for (const [words, output] of expected) {
    const flags = words[0] === "-e" ? words.splice(0, 2) : [];
    assert.equal(await daemon.succeeds(["exec", ...flags, "host", ...words]), output);
  }
});

test("exec makes no working folder, and enters those that root may enter", async () => {
  const chdir = (path: string, why: string) =>
    `${execFailed}chdir to cwd ("${path}") set in config.json failed: ${why}\r\n`;
  const noFolder = `not a directory${mountAdvice}`;
  const refused: [path: string, stdout: string, code: number][] = [
    ["/new", chdir("/new", "no such file or directory"), 127],
    ["/t/dangling", chdir("/t/dangling", "no such file or directory"), 127],
    ["/t/loop", chdir("/t/loop", "too many levels of symbolic links"), 128],
    ["/etc/passwd", chdir("/etc/passwd", noFolder), 127],
    ["/etc/passwd/x", chdir("/etc/passwd/x", noFolder), 127],
    ["relative", "OCI runtime exec failed: exec failed: Cwd must be an absolute path\r\n", 128],
  ];
  for (const [path, stdout, code] of refused)
    for (const flags of [[], ["-u", "app"]]) {
      const result = await daemon.dvm(["exec", ...flags, "-w", path, "host", "pwd"]);
      assert.deepEqual(result, { code, stdout, stderr: "" });
    }
  for (const path of ["/t/locked", "/t/../t"]) {
    const words = ["exec", "-u", "app", "-w", path, "host", "sh", "-c", "pwd"];
    assert.equal(
      await daemon.succeeds(words),
      `${path.replace("/..", "").replace("/t/t", "/t")}\n`,
    );
  }
  assert.match((await daemon.dvm(["exec", "host", "ls", "-d", "/new"])).stderr, /No such file/);
});
