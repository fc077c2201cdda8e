import { Caller } from "./caller.ts";
import { ContainerCalls } from "./container-calls.ts";
import { ExecCalls } from "./exec-calls.ts";
import { FileCalls } from "./file-calls.ts";
import { ImageCalls } from "./image-calls.ts";
import { SystemCalls } from "./system-calls.ts";
import { TemplateCalls } from "./template-calls.ts";
import type { TransportOptions } from "./transport.ts";
import { NetworkCalls } from "./network-calls.ts";
import { VolumeCalls } from "./volume-calls.ts";

/**
 * The Docker Engine API, by resource, one method per route that DVM's CLI uses. Objects come back as
 * the daemon wrote them. Every method throws DvmError with the code that the HTTP status stands for.
 */
export class EngineClient implements Disposable {
  readonly containers: ContainerCalls;
  readonly execs: ExecCalls;
  readonly files: FileCalls;
  readonly images: ImageCalls;
  readonly system: SystemCalls;
  readonly templates: TemplateCalls;
  readonly networks: NetworkCalls;
  readonly volumes: VolumeCalls;
  readonly #caller: Caller;

  constructor(options: TransportOptions) {
    const caller = new Caller(options);
    this.containers = new ContainerCalls(caller);
    this.execs = new ExecCalls(caller);
    this.files = new FileCalls(caller);
    this.images = new ImageCalls(caller);
    this.system = new SystemCalls(caller);
    this.templates = new TemplateCalls(caller);
    this.networks = new NetworkCalls(caller);
    this.volumes = new VolumeCalls(caller);
    this.#caller = caller;
  }

  [Symbol.dispose](): void {
    this.#caller[Symbol.dispose]();
  }
}
