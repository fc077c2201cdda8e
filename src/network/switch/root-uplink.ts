import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../../base/errors.ts";
import { parseJson } from "../../base/parse-json.ts";
import { runTool } from "../../host/run-tool.ts";
import type { Tool } from "../../host/tools.ts";
import { writeAtomically } from "../../host/write-atomically.ts";
import { forwardFour, forwardSix, type ForwardingBefore, restoreForwarding } from "./forwarding.ts";
import { hostFirewall } from "./host-firewall.ts";
import { hostRules } from "./host-rules.ts";
import { hasInterface, hasIPv6, hostRoutes, outerMtu, overlaps } from "./host-view.ts";
import type { UplinkPlan } from "./uplink-plan.ts";
import type { Say, Uplink } from "./uplink.ts";

interface RootUplinkParts {
  plan: UplinkPlan;
  dataRoot: string;
  /** Keeps what was changed of the host's settings. */
  folder: string;
  /** The executable of switch/. */
  program: () => Promise<string>;
  nft: Tool;
  say: Say;
}

/**
 * By an interface of the host's that leads to the switch, and one table of nftables by which the
 * host forwards for it. Root's.
 */
export class RootUplink implements Uplink {
  readonly #parts: RootUplinkParts;
  /** As our table was loaded last. */
  #wereOnlyOurs: boolean | undefined;

  constructor(parts: RootUplinkParts) {
    this.#parts = parts;
  }

  get hostAddresses(): string[] {
    const { four, six } = this.#parts.plan;
    return [four.outside, six.outside];
  }

  async join(pid: number): Promise<void> {
    const { plan, say } = this.#parts;
    const { four, six, interface: name } = plan;
    const ends = (end: "inside" | "outside") =>
      [four, six].map((one) => `${one[end]}/${one.prefix}`).join(",");
    const inside = `uplink ${ends("inside")} ${four.outside},${six.outside}`;
    if (!(await hasInterface(name)) || !(await this.#isFine(inside))) {
      const mtu = await outerMtu(await hostRoutes());
      await this.#run(["veth", name, `${pid}`, `${mtu}`, ends("outside")]);
      // what our table sends to the loopback would not be taken; the interface goes with the switch
      await writeFile(`/proc/sys/net/ipv4/conf/${name}/route_localnet`, "1");
      await say([inside]);
    }
    await say([`hosts ${this.hostAddresses.join(",")}`]);
    await this.#remember(await forwardFour());
    await this.#keepTable();
  }

  /** An interface may be there that leads to a switch which has gone. */
  async #isFine(line: string): Promise<boolean> {
    return this.#parts.say([line]).then(
      () => true,
      () => false,
    );
  }

  async mend(pid: number): Promise<void> {
    if (await hasInterface(this.#parts.plan.interface)) await this.#keepTable();
    else await this.join(pid);
  }

  /** Loads our table where it isn't as it should be. */
  async #keepTable(): Promise<void> {
    const { plan, nft, dataRoot } = this.#parts;
    const firewall = await hostFirewall(nft, { table: plan.table, dataRoot });
    const onlyOurs = !firewall.hasOthers && (await this.#changed()) !== undefined;
    if (firewall.hasOurs && onlyOurs === this.#wereOnlyOurs) return;
    await this.#load(hostRules(plan, onlyOurs));
    this.#wereOnlyOurs = onlyOurs;
  }

  async leadTo(subnets: readonly string[]): Promise<void> {
    const { plan } = this.#parts;
    const routes = await hostRoutes();
    if (subnets.some((subnet) => subnet.includes(":")) && hasIPv6(routes))
      await this.#remember(await forwardSix());
    const others = routes.filter((route) => route.interface !== plan.interface);
    const free = subnets.filter((subnet) => !overlaps(others, subnet));
    if (free.length === 0) return;
    const gateways = `${plan.four.inside},${plan.six.inside}`;
    await this.#run(["route", plan.interface, gateways, free.join(",")]);
  }

  /** Takes from the host what it was given. The switch may have gone. */
  async remove(): Promise<void> {
    const { plan, nft, dataRoot } = this.#parts;
    if (await hasInterface(plan.interface)) await this.#run(["unveth", plan.interface]);
    const firewall = await hostFirewall(nft, { table: plan.table, dataRoot });
    if (firewall.hasOurs) await this.#load(`delete table inet ${plan.table}\n`);
    const before = await this.#changed();
    if (before !== undefined && !firewall.hasSibling && !firewall.hasOthers)
      await restoreForwarding(before);
  }

  async #load(rules: string): Promise<void> {
    const { nft, folder } = this.#parts;
    const file = join(folder, "host.nft");
    await writeAtomically(file, rules, 0o600);
    const options = { purpose: "set the host's firewall", environment: nft.environment };
    await runTool(nft.path, ["-f", file], options);
  }

  async #run(words: string[]): Promise<void> {
    const purpose = "join the networks of machines with the host's";
    await runTool(await this.#parts.program(), words, { purpose });
  }

  get #changedFile(): string {
    return join(this.#parts.folder, "forwarding.json");
  }

  /** What this switch has changed of how the host forwards; undefined: nothing. */
  async #changed(): Promise<ForwardingBefore | undefined> {
    const text = await ignore("ENOENT", () => readFile(this.#changedFile, "utf8"));
    if (text === undefined) return undefined;
    const value = parseJson(text);
    if (typeof value !== "object" || value === null) return undefined;
    const known = Object.entries(value).filter(
      ([file, before]) => file.startsWith("/proc/sys/net/") && typeof before === "string",
    );
    return Object.fromEntries<string>(known);
  }

  async #remember(changed: ForwardingBefore): Promise<void> {
    if (Object.keys(changed).length === 0) return;
    const all = { ...changed, ...(await this.#changed()) };
    await writeAtomically(this.#changedFile, JSON.stringify(all), 0o600);
  }
}
