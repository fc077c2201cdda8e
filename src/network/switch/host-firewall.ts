import { readFile } from "node:fs/promises";
import { parseJson } from "../../base/parse-json.ts";
import { runTool } from "../../host/run-tool.ts";
import { findTool, type Tool } from "../../host/tools.ts";

/** What the host's rules say of packets that it forwards. */
export interface HostFirewall {
  /** Whether our table is there. */
  hasOurs: boolean;
  /** Whether another switch's is. */
  hasSibling: boolean;
  /** Whether anybody else has rules for them. */
  hasOthers: boolean;
  /** Whose rules drop what they don't know: "table ip filter". */
  blockedBy: string | undefined;
}

/** A chain as `nft -j list chains` tells of it. */
interface Chain {
  family: string;
  table: string;
  hook: string | undefined;
  policy: string | undefined;
}

/** As root only. */
export async function hostFirewall(
  nft: Tool,
  { table, dataRoot }: { table: string; dataRoot: string },
): Promise<HostFirewall> {
  const words = ["-j", "list", "chains"];
  const options = { purpose: "read the host's firewall", environment: nft.environment };
  const seen = judgeChains(readChains(await runTool(nft.path, words, options)), table);
  const old = await oldTables(dataRoot);
  const blockedBy = seen.blockedBy ?? old.blockedBy;
  return { ...seen, hasOthers: seen.hasOthers || old.hasOthers, blockedBy };
}

/** Whose rules keep root's host from forwarding for machines; an ordinary user is told nothing. */
export async function forwardingBlockedBy(dataRoot: string): Promise<string | undefined> {
  const nft = await findTool(dataRoot, "nft");
  if (nft === undefined || process.getuid?.() !== 0) return undefined;
  return (await hostFirewall(nft, { table: "", dataRoot })).blockedBy;
}

/** What the chains mean for the switch whose table is named. */
export function judgeChains(chains: readonly Chain[], table: string): HostFirewall {
  const others = chains.filter((chain) => chain.hook === "forward" && !isSwitch(chain.table));
  const blocking = others.find(isBlocking);
  return {
    hasOurs: chains.some((chain) => chain.table === table),
    hasSibling: chains.some((chain) => isSwitch(chain.table) && chain.table !== table),
    hasOthers: others.length > 0,
    blockedBy: blocking && `table ${blocking.family} ${blocking.table}`,
  };
}

/** firewalld accepts by policy, and refuses by its last rule. */
function isBlocking({ family, table, policy }: Chain): boolean {
  const isOurs = ["ip", "inet"].includes(family);
  return isOurs && (policy === "drop" || table === "firewalld");
}

function isSwitch(table: string): boolean {
  return /^dvm_[0-9a-f]{8}$/.test(table);
}

/** Of nft's JSON; of what isn't as it should be nothing. */
export function readChains(text: string): Chain[] {
  const { nftables } = object(parseJson(text));
  if (!Array.isArray(nftables)) return [];
  return nftables.flatMap((entry: unknown) => {
    const { family, table, hook, policy } = object(object(entry)["chain"]);
    if (typeof family !== "string" || typeof table !== "string") return [];
    return [{ family, table, hook: word(hook), policy: word(policy) }];
  });
}

/** Of the iptables that was before nftables, whose rules nft doesn't show. */
async function oldTables(dataRoot: string): Promise<Pick<HostFirewall, "hasOthers" | "blockedBy">> {
  const names = await readFile("/proc/net/ip_tables_names", "utf8").catch(() => "");
  const tool = await findTool(dataRoot, "iptables-legacy");
  if (!names.split("\n").includes("filter") || tool === undefined)
    return { hasOthers: false, blockedBy: undefined };
  const options = { purpose: "read the host's iptables", environment: tool.environment };
  const rules = await runTool(tool.path, ["-S", "FORWARD"], options);
  const drops = rules.includes("-P FORWARD DROP");
  return { hasOthers: true, blockedBy: drops ? "iptables-legacy's FORWARD" : undefined };
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function word(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
