import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSignal, signalNumber, stopSignal } from "../../src/base/signals.ts";

test("signals are known by name, short name, number and real-time offset, as docker knows them", () => {
  for (const [text, number] of [
    ["SIGTERM", 15],
    ["kill", 9],
    ["15", 15],
    ["+15", 15],
    ["015", 15],
    ["SIGCLD", 17],
    ["cld", 17],
    ["SIGIOT", 6],
    ["SIGPOLL", 29],
    ["SIGIO", 29],
    ["SIGPWR", 30],
    ["SIGSYS", 31],
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["rtmin+15", 49],
    ["SIGRTMAX-14", 50],
    ["RTMAX", 64],
  ] as const)
    assert.equal(signalNumber(text), number, text);
});

test("what is no signal, or none of docker's, is refused", () => {
  const none = ["", "SIGNONE", "0", "1.5", " TERM", "SIG15", "SIGSIGTERM", "SIGUNUSED", "SIG"];
  const beyond = ["RTMIN+16", "RTMIN+0", "RTMIN+03", "RTMIN-1", "RTMAX-15", "RTMAX+1"];
  for (const text of [...none, ...beyond, "99999999999999999999"])
    assert.throws(() => signalNumber(text), { message: `invalid signal: ${text}` });
  for (const number of [65, -1, 32, 33])
    assert.throws(() => signalNumber(String(number)), {
      message: `the linux daemon does not support signal ${number}`,
    });
});

test("a container may be asked to end by a number that is no signal's, and by SIGTERM instead of a word", () => {
  assert.deepEqual(["65", "NONE", "", "USR1"].map(stopSignal), [65, 15, 15, 10]);
  assert.equal(parseSignal("65"), 65);
});
