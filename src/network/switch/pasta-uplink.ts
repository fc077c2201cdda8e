import { controlPath } from "../../host/control-lines.ts";
import type { Tool } from "../../host/tools.ts";
import { hasIPv6, hostRoutes } from "./host-view.ts";
import type { UplinkPlan } from "./uplink-plan.ts";
import type { Say, Uplink } from "./uplink.ts";

/** By pasta(1), whose connections are those of a program of this user's: no rights are needed. */
export class PastaUplink implements Uplink {
  readonly #plan: UplinkPlan;
  readonly #pasta: Tool;
  readonly #say: Say;

  constructor(plan: UplinkPlan, pasta: Tool, say: Say) {
    this.#plan = plan;
    this.#pasta = pasta;
    this.#say = say;
  }

  get hostAddresses(): string[] {
    return [this.#plan.four.outside, this.#plan.six.outside];
  }

  async join(): Promise<void> {
    const { four, six } = this.#plan;
    const ofSix = hasIPv6(await hostRoutes()) ? `${six.inside} ${six.outside}` : "- -";
    const program = controlPath(this.#pasta.path);
    await this.#say([
      `pasta ${program} ${four.inside}/${four.prefix} ${four.outside} ${ofSix}`,
      `hosts ${this.hostAddresses.join(",")}`,
    ]);
  }

  async mend(): Promise<void> {
    await this.join();
  }

  /** Pasta takes connections from the host to ports only. */
  async leadTo(): Promise<void> {}
}
