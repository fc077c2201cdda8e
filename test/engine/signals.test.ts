import assert from "node:assert/strict";
import { test } from "node:test";
import { signalNumber } from "../../src/engine/plan/signals.ts";

test("signals are known by name, short name, number and real-time offset", () => {
  assert.equal(signalNumber("SIGTERM"), 15);
  assert.equal(signalNumber("kill"), 9);
  assert.equal(signalNumber("15"), 15);
  assert.equal(signalNumber("SIGRTMIN+3"), 37);
});

test("what is no signal is refused", () => {
  for (const text of ["", "SIGNONE", "0", "1.5", " TERM"])
    assert.throws(() => signalNumber(text), { message: `invalid signal: ${text}` });
  for (const text of ["65", "-1"])
    assert.throws(() => signalNumber(text), /the linux daemon does not support signal/);
});
