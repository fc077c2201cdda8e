import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUses } from "../../src/agent/uses.ts";
import { MessageWriter } from "../../src/agent/wire.ts";

const answer = (text: string, isCut = false) =>
  decodeUses(new MessageWriter().flag(isCut).latin1(text).finish());

test("a record of uses is read line by line", () => {
  const { uses, isCutShort } = answer(
    "call 0 12 281\nsocket 97 1 40 1 0\nopen 2 3 /dev/net/tun\nsockopt 0 1 6 13 bbr\nmount 19 1 9\n",
  );
  assert.equal(isCutShort, false);
  assert.deepEqual(uses, [
    { kind: "call", numbers: [281], name: "", error: 0, count: 12 },
    { kind: "socket", numbers: [40, 1, 0], name: "", error: 97, count: 1 },
    { kind: "open", numbers: [], name: "/dev/net/tun", error: 2, count: 3 },
    { kind: "sockopt", numbers: [6, 13], name: "bbr", error: 0, count: 1 },
    { kind: "mount", numbers: [], name: "9", error: 19, count: 1 },
  ]);
  assert.deepEqual(answer(""), { uses: [], isCutShort: false });
});

test("a record that is cut, by the kernel or by the agent, says so", () => {
  assert.equal(answer("call 0 1 1\nlost 7\n").isCutShort, true);
  const cut = answer("call 0 1 1\nopen 0 1 /de", true);
  assert.deepEqual([cut.uses.length, cut.isCutShort], [1, true]);
});

test("a record that breaks a rule ends the conversation", () => {
  for (const text of [
    "call 0 1 1",
    "call 0 1\n",
    "call 0 1 1 2\n",
    "socket 0 1 1 2\n",
    "toString 0 1 1\n",
    "open -2 1 /dev\n",
    "open 0 1 /dev \n",
    "open 0 1 /d\x1bev\n",
    "lost 1\ncall 0 1 1\n",
    `open 0 1 /${"x".repeat(200)}\n`,
    "call 0 1 9999999999999999\n",
    "call 0 1 1\n".repeat(9000),
  ])
    assert.throws(() => answer(text), { code: "damaged" }, text.slice(0, 40));
});
