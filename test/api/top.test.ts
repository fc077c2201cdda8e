import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { describeTop, parseTop } from "../../src/api/top/describe-top.ts";
import type { ProcessList } from "../../src/engine/core.ts";

type Entry = ProcessList["processes"][number];

const shell: Entry = {
  ...{ pid: 1, ppid: 0, processGroup: 1, session: 1, foregroundGroup: 7 },
  ...{ name: "sh", command: "sh -c sleep 60", state: "S" },
  ...{ uid: 0, effectiveUid: 0, gid: 0, effectiveGid: 0, user: "root", group: "root" },
  ...{ ageMs: 100_000, cpuMs: 25_000, tty: "pts/0", flags: 0x400100 },
  ...{ priority: 20, nice: 0, policy: 0, threads: 1, processor: 0 },
  ...{ minorFaults: 3, majorFaults: 1 },
  ...{ virtualBytes: 2048 * 1024, residentBytes: 1024 * 1024, lockedBytes: 0 },
};
const sleep: Entry = {
  ...shell,
  ...{ pid: 7, ppid: 1, processGroup: 7, name: "sleep", command: "sleep 60" },
  ...{ user: "a-long-name", nice: 5, priority: 25, threads: 2, cpuMs: 0, ageMs: 90_061_000 },
};
const list: ProcessList = { processes: [sleep, shell], memoryBytes: 64 * 2 ** 20 };
const top = (text?: string) => describeTop(list, parseTop(text));
const rows = (text: string) => top(text).Processes;

suite("top, by words of ps", () => {
  test("without any it is -ef", () => {
    const { Titles, Processes } = top();
    assert.deepEqual(Titles, ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    assert.deepEqual(Processes[0]?.toSpliced(4, 1), [
      ...["root", "1", "0", "25", "pts/0", "00:00:25", "sh -c sleep 60"],
    ]);
    assert.deepEqual(
      Processes.map(([user, pid]) => [user, pid]),
      [
        ["root", "1"],
        ["a-long-+", "7"],
      ],
    );
  });

  test("aux shows sizes, shares and states", () => {
    const { Titles, Processes } = top("aux");
    assert.deepEqual(Titles, [
      ...["USER", "PID", "%CPU", "%MEM", "VSZ", "RSS", "TTY", "STAT", "START", "TIME", "COMMAND"],
    ]);
    assert.deepEqual(Processes[0]?.toSpliced(8, 1), [
      ...["root", "1", "25.0", "1.5", "2048", "1024", "pts/0", "Ss", "0:25", "sh -c sleep 60"],
    ]);
    assert.equal(Processes[1]?.[7], "SNl+");
  });

  test("-o chooses columns, with titles of one's own", () => {
    assert.deepEqual(rows("-o pid,comm"), [
      ["1", "sh"],
      ["7", "sleep"],
    ]);
    assert.deepEqual(top("-eo pid,etime=AGE").Titles, ["PID", "AGE"]);
    assert.deepEqual(rows("-o pid -o etime -o pri,ni,nlwp")[1], [
      "7",
      "1-01:01:01",
      "14",
      "5",
      "2",
    ]);
    assert.deepEqual(rows("o pid,args")[0], ["1", "sh -c sleep 60"]);
  });

  test("what stands in several words goes into the last column only", () => {
    const [first] = rows("-o pid,args,tty");
    assert.deepEqual(first, ["1", "sh", "-c sleep 60 pts/0"]);
  });

  test("rows are sorted and drawn as trees where that is asked for", () => {
    assert.deepEqual(
      rows("-eo pid --sort=-pid").map(([pid]) => pid),
      ["7", "1"],
    );
    assert.deepEqual(
      rows("-eo pid,args --forest").map(([, command]) => command),
      ["sh -c sleep 60", "\\_ sleep 60"],
    );
  });

  for (const [text, message] of [
    ["-zz", "ps: error: unsupported SysV option"],
    ["z", "ps: error: unsupported option (BSD syntax)"],
    ["--nope", "ps: error: unknown gnu long option"],
    ["-o x", 'ps: error: unknown user-defined format specifier "x"'],
    ["-o pid, x=PID", 'specifying "x=PID" is not allowed'],
    ["-o user", "Couldn't find PID field in ps output"],
  ] as const)
    test(`${text}: ${message}`, () => {
      assert.throws(() => top(text), { code: "unclassified", message });
    });
});
