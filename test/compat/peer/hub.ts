import { DockerRegistry } from "../../support/docker-registry.ts";
import type { PrivateHost } from "../../../bench/peers/private-host.ts";
import { hubImages } from "./hub-images.ts";
import { pushImage } from "./push-image.ts";

/** Stands in for Docker Hub: the same images on this host and on the private one. */
export class Hub implements AsyncDisposable {
  /** As this host reaches it, and as the private host does. */
  readonly hosts: { here: string; inside: string };
  readonly #registries: AsyncDisposableStack;

  private constructor(registries: AsyncDisposableStack, hosts: { here: string; inside: string }) {
    this.#registries = registries;
    this.hosts = hosts;
  }

  static async start(privateHost: PrivateHost): Promise<Hub> {
    await using stack = new AsyncDisposableStack();
    const here = stack.use(await DockerRegistry.start());
    for (const image of await hubImages()) await pushImage(here.host, image);
    const inside = stack.use(
      await DockerRegistry.start({
        storage: here.storage,
        within: (words) => privateHost.besideNetwork(words),
      }),
    );
    return new Hub(stack.move(), { here: here.host, inside: inside.host });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registries.disposeAsync();
  }
}
