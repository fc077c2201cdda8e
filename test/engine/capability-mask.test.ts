import assert from "node:assert/strict";
import { test } from "node:test";
import { capabilityMask } from "../../src/engine/plan/capability-mask.ts";

const none = { add: [], drop: [], privileged: false };

test("the default set is Docker's: 0xa80425fb", () => {
  assert.equal(capabilityMask(none), 0xa80425fbn);
});

test("--cap-drop ALL leaves what is added", () => {
  assert.equal(capabilityMask({ ...none, drop: ["ALL"], add: ["NET_ADMIN"] }), 1n << 12n);
});

test("--cap-add ALL gives everything but what is dropped", () => {
  const mask = capabilityMask({ ...none, add: ["all"], drop: ["CAP_SYS_ADMIN"] });
  assert.equal(mask, ((1n << 41n) - 1n) & ~(1n << 21n));
});

test("privileged means every capability", () => {
  assert.equal(capabilityMask({ ...none, privileged: true }), (1n << 41n) - 1n);
});

test("an unknown capability is refused by name", () => {
  assert.throws(
    () => capabilityMask({ ...none, add: ["FLY"] }),
    /invalid CapAdd: unknown capability: "CAP_FLY"/,
  );
});
