import { inTurns, type Turn } from "../measure/in-turns.ts";
import type { Distribution } from "../peers/distribution.ts";
import { small } from "../peers/fixture.ts";
import type { Figure, Row } from "../report/figure.ts";
import { ofPeer, rows, type Bench } from "./section.ts";

/** A whole Debian that boots, runs `true` and switches off, against a machine of ours that boots. */
export async function distribution({ contenders, quick, signal }: Bench): Promise<Row[]> {
  const cold = await contenders.cold();
  const found = await contenders.distribution();
  await cold.warmUp(small);
  const daemon = await contenders.withoutPool();
  const accelerator = (await daemon.driverStatus()).get("Accelerator") ?? "tcg";
  const untilTrue: number[] = [];
  const turns = [
    { of: cold.name, mustWork: true, measure: () => cold.commandLine.runTrue() },
    ofPeer(found, (peer): Turn => ({
      of: "Debian VM",
      mustWork: false,
      measure: () => bootOnce(peer, accelerator, untilTrue),
    })),
  ];
  const times = quick ? 1 : 3;
  const outcomes = await inTurns(turns, { times, signal });
  const mark: Figure = {
    ...{ section: "distribution", what: "power on → true has run", of: "Debian VM", unit: "ms" },
    // the first boot doesn't count
    values: untilTrue.slice(1),
  };
  return [
    ...rows("distribution", { what: "boot, run true, power off" }, outcomes),
    ...(mark.values.length > 0 ? [mark] : []),
  ];
}

async function bootOnce(
  peer: Distribution,
  accelerator: string,
  untilTrue: number[],
): Promise<number> {
  const { trueMs, offMs } = await peer.boot(accelerator);
  untilTrue.push(trueMs);
  return offMs;
}
