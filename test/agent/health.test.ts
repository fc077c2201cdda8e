import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { HealthCheck, HealthReport } from "../../src/agent/agent-client.ts";
import { AgentMachine, containerOn, run, shell } from "../support/agent-machine.ts";

let guest: AgentMachine;

before(async () => {
  guest = await AgentMachine.boot({ slots: 1 });
  await guest.setUp();
  await guest.fill(0, "one");
});
after(() => guest?.[Symbol.asyncDispose]());

const id = "a";
const forever = "while :; do sleep 1; done";
const second = 1e9;

function checkBy(line: string, changes: Partial<HealthCheck> = {}): HealthCheck {
  return {
    ...{ intervalNs: second / 2, timeoutNs: 20 * second, startPeriodNs: 0 },
    ...{ startIntervalNs: second / 5, retries: 2, probe: shell(line) },
    ...changes,
  };
}

/** What the agent has told of the container last, once that is so. */
class Reports {
  #last: HealthReport | undefined;

  constructor() {
    guest.agent.onHealth(id, (report) => (this.#last = report));
  }

  async when(is: (report: HealthReport) => boolean): Promise<HealthReport> {
    for (let tries = 0; ; tries += 1) {
      if (this.#last !== undefined && is(this.#last)) return this.#last;
      assert(tries < 1200, `it was told: ${JSON.stringify({ ...this.#last, last: undefined })}`);
      await delay(50);
    }
  }

  get last(): HealthReport | undefined {
    return this.#last;
  }
}

async function checked(
  check: HealthCheck,
  action: (reports: Reports) => Promise<void>,
): Promise<void> {
  await guest.agent.launch({ id, setup: containerOn(0), spec: shell(forever) });
  const reports = new Reports();
  try {
    await guest.agent.checkHealth(id, check);
    await action(reports);
  } finally {
    await guest.agent.destroyContainer(id);
  }
}

const texts = ({ last }: HealthReport) => last.map(({ output }) => output.toString());

test("a probe's exit code is the container's health, both its outputs are told in their order", async () => {
  const line = "echo out; echo errors >&2; echo more; [ ! -e /bad ]";
  await checked(checkBy(line), async (reports) => {
    const healthy = await reports.when(({ status }) => status === "healthy");
    assert.deepEqual([healthy.failures, healthy.results > 0], [0, true]);
    assert.equal(texts(healthy)[0], "out\nerrors\nmore\n");
    const [first] = healthy.last;
    assert(first !== undefined && first.endedNs > first.beganNs);
    assert(Math.abs(Number(first.beganNs) / 1e6 - Date.now()) < 60_000);
    await run(guest.agent, id, "echo > /bad");
    const unhealthy = await reports.when(({ status }) => status === "unhealthy");
    assert(unhealthy.failures >= 2);
    assert.equal(unhealthy.last.at(-1)?.exitCode, 1);
    const later = await reports.when(({ results }) => results > 6);
    assert.equal(later.last.length, 5);
    assert.equal(await run(guest.agent, id, "ls /proc | busybox grep -c '^[0-9]' > /n"), "");
  });
});

test("what it writes is kept up to 4096 bytes, and it is told that there was more", async () => {
  const line = "busybox yes | head -c 300000";
  await checked(checkBy(line), async (reports) => {
    const { last } = await reports.when(({ results }) => results > 0);
    assert.deepEqual([last[0]?.output.length, last[0]?.isCut, last[0]?.exitCode], [4096, true, 0]);
  });
});

test("a probe that takes too long is ended, one that can't be run says why", async () => {
  const slow = checkBy("echo slow; sleep 99", { timeoutNs: second });
  await checked(slow, async (reports) => {
    const { last, status } = await reports.when(({ results }) => results === 1);
    assert.deepEqual([last[0]?.end, last[0]?.output.toString()], ["late", "slow\n"]);
    assert.equal(status, "starting");
  });
  const absent = checkBy("", { probe: shell("", { args: ["nosuch"] }) });
  await checked(absent, async (reports) => {
    const { last } = await reports.when(({ status }) => status === "unhealthy");
    assert.equal(last[0]?.end, "failed");
    assert.match(last[0]?.output.toString() ?? "", /"nosuch": executable file not found in \$PATH/);
  });
});

test("in the start period a failure counts for nothing, and probes come sooner", async () => {
  const check = checkBy("[ -e /good ]", {
    startPeriodNs: 3600 * second,
    intervalNs: 3600 * second,
  });
  await checked(check, async (reports) => {
    const failing = await reports.when(({ results }) => results >= 3);
    assert.deepEqual([failing.status, failing.failures], ["starting", 0]);
    await run(guest.agent, id, "echo > /good");
    const { results } = await reports.when(({ status }) => status === "healthy");
    await delay(2_000);
    assert.equal(reports.last?.results, results, "from now on an hour passes between probes");
  });
});

test("there are no probes of a frozen container, and a probe that runs then has no result", async () => {
  await checked(checkBy("echo > /begun; sleep 99"), async (reports) => {
    await reports.when(({ isProbing }) => isProbing);
    await guest.agent.freeze(id);
    const { results, status } = await reports.when(({ isProbing }) => !isProbing);
    assert.deepEqual([results, status], [0, "unhealthy"]);
    await delay(1_500);
    assert.equal(reports.last?.probes, 1);
    await guest.agent.thaw(id);
    await reports.when(({ probes }) => probes === 2);
  });
});

test("probes go on while no host listens, and the next one is told what came of them", async () => {
  await checked(checkBy("echo once"), async (reports) => {
    const { results } = await reports.when(({ status }) => status === "healthy");
    await guest.agent[Symbol.asyncDispose]();
    await delay(2_000);
    await guest.reconnect();
    await guest.agent.resume();
    const later = await new Reports().when(() => true);
    assert(later.results > results, `${later.results} results, ${results} before`);
    assert.equal(later.status, "healthy");
  });
});

test("a container that ends while it is probed goes as quickly as another", async () => {
  const check = checkBy("sleep 99");
  await guest.agent.launch({ id, setup: containerOn(0), spec: shell("sleep 99") });
  const reports = new Reports();
  await guest.agent.checkHealth(id, check);
  await reports.when(({ isProbing }) => isProbing);
  const begin = performance.now();
  await guest.agent.destroyContainer(id);
  assert(performance.now() - begin < 5_000);
  await assert.rejects(guest.agent.checkHealth(id, check), { code: "not-found" });
});
