import assert from "node:assert/strict";
import { test } from "node:test";
import { applyChanges } from "../../src/image/changes/apply-changes.ts";

const base = { env: ["A=1", "P=/x"], workingDir: "/start", shell: [] };
const change = (...changes: string[]) => applyChanges(changes, base);

test("instructions of a Dockerfile change a configuration as dockerd has them", () => {
  assert.deepEqual(change("cmd echo hi").Cmd, ["/bin/sh", "-c", "echo hi"]);
  assert.deepEqual(change('CMD ["a", "b"]').Cmd, ["a", "b"]);
  assert.deepEqual(change("CMD").Cmd, ["/bin/sh", "-c"]);
  assert.equal(change("ENTRYPOINT []").Entrypoint, null);
  assert.deepEqual(change("ENV K V W").Env, ["K=V W"]);
  assert.deepEqual(change('ENV B="c d" C=e\\ f').Env, ["B=c d", "C=e f"]);
  assert.deepEqual(change("ENV B=$A:${P}", "ENV C=${B}-${N:-none}-${A:+set}").Env, [
    "B=1:/x",
    "C=1:/x-none-set",
  ]);
  assert.deepEqual(change("ENV K='$A'").Env, ["K=$A"]);
  assert.deepEqual(Object.keys(change("EXPOSE 1-3 53/udp").ExposedPorts ?? {}), [
    ...["1/tcp", "2/tcp", "3/tcp", "53/udp"],
  ]);
  assert.equal(change("WORKDIR w", "WORKDIR ../$A").WorkingDir, "/start/1");
  assert.deepEqual(change("ONBUILD RUN x", "ONBUILD COPY . .").OnBuild, ["RUN x", "COPY . ."]);
  assert.deepEqual(change('VOLUME ["/a b"]').Volumes, { "/a b": {} });
  assert.deepEqual(change("LABEL a=b \\", '  c="d e"', "# a comment", "USER me").Labels, {
    ...{ a: "b", c: "d e" },
  });
  assert.deepEqual(change("HEALTHCHECK --interval=5s --retries=2 CMD true").Healthcheck, {
    ...{ Test: ["CMD-SHELL", "true"], Interval: 5e9, Retries: 2 },
  });
  assert.deepEqual(change("HEALTHCHECK NONE").Healthcheck, { Test: ["NONE"] });
});

test("what is wrong with an instruction is told in dockerd's words", () => {
  const faults: [string, string][] = [
    ["RUN x", "RUN is not a valid change command"],
    ['SHELL ["a"]', "SHELL is not a valid change command"],
    ["", "file with no instructions"],
    ["# only", "file with no instructions"],
    ["ENV", "ENV requires at least one argument"],
    ["ENV K", "ENV must have two arguments"],
    ["ENV =x", "ENV names can not be blank"],
    [
      'ENV A=9 "C=d e"',
      'failed to process "\\"C": unexpected end of statement while looking for matching double-quote',
    ],
    ["EXPOSE x", "Invalid containerPort: x"],
    ["EXPOSE 80/foo", "Invalid proto: foo"],
    ["STOPSIGNAL SIGX", "invalid signal: SIGX"],
    ["USER", "USER requires exactly one argument"],
    ["VOLUME []", "VOLUME requires at least one argument"],
    ["ONBUILD", "ONBUILD requires at least one argument"],
    ["ONBUILD FROM y", "FROM isn't allowed as an ONBUILD trigger"],
    ["ONBUILD ONBUILD RUN a", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ["HEALTHCHECK foo", 'Unknown type "FOO" in HEALTHCHECK (try CMD)'],
    ["HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"],
    ["HEALTHCHECK --bogus=1 CMD x", "unknown flag: --bogus"],
    ["HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"],
    ["HEALTHCHECK --interval=-1s CMD x", 'Interval "interval" cannot be less than 1ms'],
  ];
  for (const [text, message] of faults)
    assert.throws(() => change(text), { code: "invalid", message }, text);
});
