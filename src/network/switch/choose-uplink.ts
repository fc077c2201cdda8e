import { DvmError } from "../../base/errors.ts";
import { findTool } from "../../host/tools.ts";
import { hostFirewall } from "./host-firewall.ts";
import { hostRoutes, overlaps } from "./host-view.ts";
import { PastaUplink } from "./pasta-uplink.ts";
import { RootUplink } from "./root-uplink.ts";
import { type UplinkPlan, uplinkPlan } from "./uplink-plan.ts";
import type { Say, Uplink } from "./uplink.ts";

export interface UplinkParts {
  /** The switch's own. */
  folder: string;
  dataRoot: string;
  /** The executable of switch/. */
  program: () => Promise<string>;
  isRoot: boolean;
  say: Say;
  log: (message: string) => void;
}

const hint = "run: dvm setup";

/**
 * Root's is an interface of the host's, unless somebody's firewall drops what it doesn't know: rules
 * of ours can't help against those of others, and they aren't ours to change.
 */
export async function chooseUplink(parts: UplinkParts): Promise<Uplink> {
  const { dataRoot, say } = parts;
  const [plan, nft, pasta] = await Promise.all([
    planOf(parts),
    findTool(dataRoot, "nft"),
    findTool(dataRoot, "pasta"),
  ]);
  if (nft === undefined) throw missing("nft");
  if (parts.isRoot) {
    const { blockedBy } = await hostFirewall(nft, { table: plan.table, dataRoot });
    if (blockedBy === undefined) return new RootUplink({ ...parts, plan, nft });
    parts.log(`networks leave by pasta, for ${blockedBy} lets this host forward nothing unknown`);
  }
  if (pasta === undefined) throw missing("pasta");
  return new PastaUplink(plan, pasta, say);
}

/** Takes from root's host what a switch of this folder has given it, whichever way it leaves now. */
export async function removeUplink(parts: UplinkParts): Promise<void> {
  const nft = await findTool(parts.dataRoot, "nft");
  if (!parts.isRoot || nft === undefined) return;
  await new RootUplink({ ...parts, plan: await planOf(parts), nft }).remove();
}

async function planOf({ folder }: UplinkParts): Promise<UplinkPlan> {
  const routes = await hostRoutes();
  const name = uplinkPlan(folder, () => false).interface;
  const others = routes.filter((route) => route.interface !== name);
  return uplinkPlan(folder, (subnet) => overlaps(others, subnet));
}

function missing(program: string): DvmError {
  const fact = `${program} is not installed`;
  return new DvmError("unavailable", `cannot lead networks of machines: ${fact}`, { hint });
}
