import type { Engine } from "../core.ts";
import { whileAwake } from "./while-awake.ts";

interface TerminalSize {
  rows: number;
  columns: number;
}

/** Gives a container's terminal another size; of one without a terminal it is only said. */
export async function resizeContainer(
  engine: Engine,
  container: string,
  { rows, columns }: TerminalSize,
): Promise<void> {
  const record = engine.containers.find(container);
  await whileAwake(engine, record, async ({ main }) => {
    if (record.run.process.tty) await main.resize(rows, columns);
  });
  engine.announce("resize", record, { height: String(rows), width: String(columns) });
}
