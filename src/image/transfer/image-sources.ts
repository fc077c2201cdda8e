import { DvmError } from "../../base/errors.ts";
import type { Reference } from "../reference.ts";
import type { Credentials } from "../registry/credentials.ts";
import { connect, connectTo } from "../registry/registry-connection.ts";
import { repositoryOf, type Repository } from "../registry/repository.ts";
import type { Transport } from "../registry/transport.ts";

/**
 * Calls `action` with each place that `reference` may be had from, in turn, until one succeeds: the
 * registry's mirrors, which are asked as nobody, then the registry. Gives that place first, then the
 * others that follow it. The registry's error is what counts.
 */
export async function firstSource<T>(
  transport: Transport,
  request: { reference: Reference; credentials: Credentials; signal?: AbortSignal | undefined },
  action: (source: Repository) => Promise<T>,
): Promise<{ result: T; sources: Repository[] }> {
  const { reference, credentials, signal } = request;
  const { mirrors } = (await transport.settings(reference.registry)).registry;
  const registry = () => connect(transport, { ...reference, credentials, signal });
  for (const mirror of mirrors) {
    try {
      const found = repositoryOf(
        await connectTo(transport, mirror, { credentials: {}, signal }),
        reference,
      );
      const result = await action(found);
      const own = await registry().catch(() => undefined);
      return {
        result,
        sources: [found, ...(own === undefined ? [] : [repositoryOf(own, reference)])],
      };
    } catch (error) {
      // a mirror that has it not, or lies, is not the last word
      if (!(error instanceof DvmError) || signal?.aborted === true) throw error;
    }
  }
  const source = repositoryOf(await registry(), reference);
  return { result: await action(source), sources: [source] };
}

/** Calls `action` with each source until one succeeds; the last one's error counts. */
export async function fromAny<T>(
  sources: readonly Repository[],
  action: (source: Repository) => Promise<T>,
): Promise<T> {
  let failure: unknown = new DvmError("internal", "cannot pull: there is no source");
  for (const source of sources) {
    try {
      return await action(source);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
