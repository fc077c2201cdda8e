import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../../base/errors.ts";
import {
  type HeldContainer,
  holdingStatements,
  releasingStatements,
} from "../../network/egress/egress-statements.ts";
import { egressOf, type Engine } from "../core.ts";
import type { RunEndpoint } from "../records.ts";
import { withoutPrefix } from "../../network/without-prefix.ts";

/** Holds a container to what it may reach, before it reaches anything: `endpoints` are all it has. */
export async function holdEgress(
  engine: Engine,
  container: string,
  endpoints: readonly RunEndpoint[],
): Promise<void> {
  const held = heldOf(engine, container, endpoints);
  if (held !== undefined) await apply(engine, container, holdingStatements(held));
}

/** Forgets what a container was held to that is in these networks no more. */
export async function releaseEgress(
  engine: Engine,
  container: string,
  endpoints: readonly RunEndpoint[],
): Promise<void> {
  const held = heldOf(engine, container, endpoints);
  engine.refusals.delete(container);
  if (held !== undefined) await apply(engine, container, releasingStatements(held));
}

/** A machine with a network of its own is held by nobody: a container that asks for it doesn't start. */
export async function requireEgress(
  engine: Engine,
  container: string,
  endpoints: readonly RunEndpoint[],
): Promise<void> {
  if (heldOf(engine, container, endpoints) === undefined) return;
  const refusal = await engine.switchRefusal();
  if (refusal !== undefined)
    throw new DvmError("unavailable", `cannot hold the container to its egress rules: ${refusal}`);
}

function heldOf(
  engine: Engine,
  container: string,
  endpoints: readonly RunEndpoint[],
): HeldContainer | undefined {
  const rules = egressOf(engine, container, endpoints);
  if (rules === undefined) return undefined;
  const addresses = endpoints
    .flatMap(({ ipv4, ipv6, linkLocal }) => [ipv4, ipv6, ...linkLocal])
    .filter((address) => address !== "")
    .map(withoutPrefix);
  return { container, addresses, rules };
}

async function apply({ parts }: Engine, container: string, statements: string): Promise<void> {
  const file = join(parts.places.runRoot, `egress-${container.slice(0, 12)}.nft`);
  await writeFile(file, statements, { mode: 0o600 });
  try {
    await parts.switch.rules(file);
  } finally {
    await rm(file, { force: true });
  }
}
