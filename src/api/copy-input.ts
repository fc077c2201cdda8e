import type { Duplex, Writable } from "node:stream";
import { detachFilter } from "../base/detach-keys.ts";

interface InputOptions {
  /** The keys that leave it; none: what comes is no typing. */
  keys: readonly number[];
  /** Whether its end is the end of what it goes to. */
  endsInput: boolean;
}

/**
 * Hands on what a client sends, as fast as `sink` takes it. Settles when the keys to leave were
 * among it, and never else; what the client sends afterwards is nobody's.
 */
export function copyInput(
  connection: Duplex,
  sink: Writable,
  { keys, endsInput }: InputOptions,
): Promise<true> {
  const left = Promise.withResolvers<true>();
  const filter =
    keys.length === 0 ? (bytes: Buffer) => ({ bytes, detached: false }) : detachFilter(keys);
  const onDrain = () => void connection.resume();
  const onData = (chunk: Buffer) => {
    const typed = filter(chunk);
    if (!sink.destroyed && !sink.writableEnded && !sink.write(typed.bytes)) connection.pause();
    if (!typed.detached) return;
    stop();
    left.resolve(true);
  };
  const onEnd = () => {
    stop();
    if (endsInput && !sink.writableEnded) sink.end();
  };
  // who ends reads no more: what follows must not hold the connection up
  const onGone = () => void connection.resume();
  const stop = () => {
    connection.off("data", onData);
    connection.off("end", onEnd);
    connection.off("close", onEnd);
    sink.off("drain", onDrain);
    sink.off("close", onGone);
    connection.resume();
  };
  connection.on("data", onData);
  connection.on("end", onEnd);
  connection.on("close", onEnd);
  sink.on("drain", onDrain);
  sink.on("close", onGone);
  // an end that came before is told to nobody any more
  if (connection.destroyed || connection.readableEnded) onEnd();
  else connection.resume();
  return left.promise;
}
