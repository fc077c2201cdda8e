import assert from "node:assert/strict";
import { test } from "node:test";
import {
  next,
  type ContainerEvent,
  type ContainerState,
} from "../../src/engine/records/container-state.ts";
import { ownEndpoints } from "../../src/engine/records/earlier-networks.ts";
import { Run } from "../../src/engine/runs/run.ts";

/** Nothing here looks into a run: it need not be one that works. */
const run: Run = Object.create(Run.prototype);
const otherRun: Run = Object.create(Run.prototype);
const network = { ports: [], endpoints: ownEndpoints("02:00:00:00:00:01") };
const none = { ports: [], endpoints: [] };
const [startedAt, finishedAt, now] = ["2026-01-01", "2026-01-02", "2026-01-03"];
const failure = { exitCode: 127, error: "not found" };
const dueAt = "2026-01-04";
const exit = { exitCode: 3, oomKilled: true, error: "why" };

const states = {
  created: { kind: "created" },
  failed: { kind: "created", failure: { exitCode: 126, error: "not executable" } },
  running: { kind: "running", startedAt, run, ...network },
  paused: { kind: "paused", startedAt, run, ...network },
  detached: { kind: "detached", isPaused: false, startedAt, machineId: "m", ...network },
  "detached and paused": {
    kind: "detached",
    isPaused: true,
    startedAt,
    machineId: "m",
    ...network,
  },
  restarting: { kind: "restarting", startedAt, finishedAt, dueAt, ...exit },
  exited: { kind: "exited", startedAt, finishedAt, exitCode: 0, oomKilled: false, error: "" },
} satisfies Record<string, ContainerState>;

const events = {
  started: { kind: "started", at: now, run: otherRun, ports: [], endpoints: [] },
  "start-failed": { kind: "start-failed", failure },
  networked: { kind: "networked", ...none },
  paused: { kind: "paused" },
  resumed: { kind: "resumed" },
  "taken-up": { kind: "taken-up", run: otherRun },
  ended: { kind: "ended", at: now, ...exit },
  "ended for a while": { kind: "ended", at: now, restartsAt: dueAt, ...exit },
  "given-up": { kind: "given-up" },
} satisfies Record<string, ContainerEvent>;

const begun: ContainerState = {
  kind: "running",
  startedAt: now,
  run: otherRun,
  ports: [],
  endpoints: [],
};
const over: ContainerState = { kind: "exited", startedAt, finishedAt: now, ...exit };
const soon: ContainerState = { ...over, kind: "restarting", dueAt };
const end = { ended: over, "ended for a while": soon };

/** What becomes of each state by each event; what isn't here can't happen. */
const transitions: Record<
  keyof typeof states,
  Partial<Record<keyof typeof events, ContainerState>>
> = {
  created: { started: begun, "start-failed": { kind: "created", failure } },
  failed: { started: begun, "start-failed": { kind: "created", failure } },
  running: {
    networked: { ...states.running, ...none },
    paused: { ...states.running, kind: "paused" },
    ...end,
  },
  paused: {
    networked: { ...states.paused, ...none },
    resumed: { ...states.paused, kind: "running" },
    ...end,
  },
  detached: {
    networked: { ...states.detached, ...none },
    "taken-up": { kind: "running", startedAt, run: otherRun, ...network },
    ...end,
  },
  "detached and paused": {
    networked: { ...states["detached and paused"], ...none },
    "taken-up": { kind: "paused", startedAt, run: otherRun, ...network },
    ...end,
  },
  restarting: {
    started: { ...begun, lastFinishedAt: finishedAt },
    "start-failed": { kind: "exited", startedAt, finishedAt, ...exit, error: failure.error },
    "given-up": { kind: "exited", startedAt, finishedAt, ...exit },
  },
  exited: {
    started: { ...begun, lastFinishedAt: finishedAt },
    "start-failed": { ...states.exited, ...failure, oomKilled: false },
  },
};

for (const [state, after] of Object.entries(transitions))
  for (const [event, happening] of Object.entries(events)) {
    const from = states[state as keyof typeof states];
    const to = after[event as keyof typeof events];
    if (to === undefined)
      test(`a container that is ${state} can't be ${event}`, () => {
        assert.throws(() => next(from, happening), { code: "conflict" });
      });
    else
      test(`a container that is ${state} and is ${event} becomes ${to.kind}`, () => {
        const before = { ...from };
        assert.deepEqual(next(from, happening), to);
        assert.deepEqual(from, before, "the state before is left as it was");
      });
  }

test("a start that fails for another reason leaves an exit code that says more", () => {
  const other = { kind: "start-failed", failure: { exitCode: 128, error: "no machine" } } as const;
  const codeOf = (state: ContainerState) => {
    const after = next(state, other);
    assert(after.kind === "exited" || after.kind === "created");
    return after.kind === "exited" ? after.exitCode : after.failure?.exitCode;
  };
  assert.equal(codeOf(states.created), 128);
  assert.equal(codeOf(states.failed), 126);
  assert.equal(codeOf(states.exited), 128);
  assert.equal(codeOf({ ...states.exited, exitCode: 137 }), 137);
});
