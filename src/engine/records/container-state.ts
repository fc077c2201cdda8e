import { DvmError } from "../../base/errors.ts";
import type { Run } from "../runs.ts";
import type { RunEndpoint } from "./endpoint.ts";
import type { BoundPort } from "./run-specification.ts";

/** What a run has of its networks. */
export interface RunNetwork {
  /** Ports as they are bound by this run. */
  ports: BoundPort[];
  endpoints: RunEndpoint[];
}

interface Begin {
  startedAt: string;
  /** When the run before this one was over, if there was one. */
  lastFinishedAt?: string | undefined;
}

interface Exit {
  exitCode: number;
  oomKilled: boolean;
  error: string;
}

export interface StartFailure {
  exitCode: number;
  error: string;
}

/** A state carries what exists in it. Times are RFC 3339 with nanoseconds, as Docker gives them. */
export type ContainerState =
  | { kind: "created"; failure?: StartFailure | undefined }
  | ({ kind: "running" | "paused"; run: Run } & Begin & RunNetwork)
  /** An earlier daemon started it; this one has not spoken with its machine yet. */
  | ({ kind: "detached"; isPaused: boolean; machineId: string } & Begin & RunNetwork)
  /** Its restart policy starts it again, at `dueAt` (RFC 3339). */
  | ({ kind: "restarting"; startedAt: string; finishedAt: string; dueAt: string } & Exit)
  | ({ kind: "exited"; startedAt: string; finishedAt: string } & Exit);

/** What happens to a container. */
export type ContainerEvent =
  | ({ kind: "started"; at: string; run: Run } & RunNetwork)
  | { kind: "start-failed"; failure: StartFailure }
  /** It has joined a network, or left one. */
  | ({ kind: "networked" } & RunNetwork)
  | { kind: "paused" }
  | { kind: "resumed" }
  /** This daemon has its machine from here on. */
  | { kind: "taken-up"; run: Run }
  /** `restartsAt`: when its restart policy starts it again. */
  | ({ kind: "ended"; at: string; restartsAt?: string | undefined } & Exit)
  /** Its restart policy starts it no more. */
  | { kind: "given-up" };

/** The state after `event`; an error where it can't happen. Pure: the one life cycle there is. */
export function next(state: ContainerState, event: ContainerEvent): ContainerState {
  switch (event.kind) {
    case "started":
      return started(state, event);
    case "start-failed":
      return startFailed(state, event.failure);
    case "networked":
      return networked(state, event);
    case "paused":
      if (state.kind !== "running") throw impossible(state, event);
      return { ...state, kind: "paused" };
    case "resumed":
      if (state.kind !== "paused") throw impossible(state, event);
      return { ...state, kind: "running" };
    case "taken-up":
      return takenUp(state, event);
    case "ended":
      return ended(state, event);
    case "given-up":
      return givenUp(state, event);
  }
}

type EventOf<Kind> = Extract<ContainerEvent, { kind: Kind }>;

function started(state: ContainerState, event: EventOf<"started">): ContainerState {
  if (state.kind !== "created" && !("finishedAt" in state)) throw impossible(state, event);
  const { at, run, ports, endpoints } = event;
  const before = "finishedAt" in state ? { lastFinishedAt: state.finishedAt } : {};
  return { kind: "running", startedAt: at, ...before, run, ports, endpoints };
}

/** Where a start fails by nothing that its program is to blame for. */
export const otherStartFailure = 128;

/** One that ran before stays ended, with what kept it from running again. */
function startFailed(state: ContainerState, failure: StartFailure): ContainerState {
  if (state.kind === "created")
    return { kind: "created", failure: withCode(failure, state.failure?.exitCode) };
  if (state.kind === "exited")
    return { ...state, ...withCode(failure, state.exitCode), oomKilled: false };
  // as with Docker, the code stays that of the run before
  if (state.kind === "restarting") return { ...exitedOf(state), error: failure.error };
  throw impossible(state, { kind: "start-failed" });
}

/** As with Docker: a code that tells more than that a start failed stays. */
function withCode(failure: StartFailure, before = 0): StartFailure {
  return failure.exitCode === otherStartFailure && before !== 0
    ? { ...failure, exitCode: before }
    : failure;
}

function networked(state: ContainerState, event: EventOf<"networked">): ContainerState {
  if (!("endpoints" in state)) throw impossible(state, event);
  const { ports, endpoints } = event;
  return { ...state, ports, endpoints };
}

function takenUp(state: ContainerState, event: EventOf<"taken-up">): ContainerState {
  if (state.kind !== "detached") throw impossible(state, event);
  const { isPaused, machineId: _, ...rest } = state;
  return { ...rest, kind: isPaused ? "paused" : "running", run: event.run };
}

function ended(state: ContainerState, event: EventOf<"ended">): ContainerState {
  if (state.kind === "created" || "finishedAt" in state) throw impossible(state, event);
  const { at: finishedAt, exitCode, oomKilled, error, restartsAt: dueAt } = event;
  const end = { startedAt: state.startedAt, finishedAt, exitCode, oomKilled, error };
  return dueAt === undefined ? { kind: "exited", ...end } : { kind: "restarting", ...end, dueAt };
}

function givenUp(state: ContainerState, event: EventOf<"given-up">): ContainerState {
  if (state.kind !== "restarting") throw impossible(state, event);
  return exitedOf(state);
}

type StateOf<Kind> = Extract<ContainerState, { kind: Kind }>;

function exitedOf(state: StateOf<"restarting">): StateOf<"exited"> {
  const { dueAt: _, ...end } = state;
  return { ...end, kind: "exited" };
}

function impossible({ kind }: ContainerState, event: Pick<ContainerEvent, "kind">): DvmError {
  return new DvmError(
    "conflict",
    `cannot note that a container is ${event.kind}: it is ${kind === "detached" ? "running" : kind}`,
  );
}
