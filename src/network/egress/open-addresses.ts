import { rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { controlLines, controlPath } from "../../host/control-lines.ts";
import { openingStatements } from "./egress-statements.ts";

const deadlineMs = 5000;
let files = 0;

/** Lets a container reach addresses, by way of the switch; it is done when this returns. */
export async function openAddresses(
  switchSocket: string,
  container: string,
  opened: Parameters<typeof openingStatements>[1],
): Promise<void> {
  const file = resolve(`open-${(files += 1)}.nft`);
  await writeFile(file, openingStatements(container, opened), { mode: 0o600 });
  try {
    await controlLines(switchSocket, [`rules ${controlPath(file)}`], {
      ...{ who: "the switch", deadlineMs },
    });
  } finally {
    await rm(file, { force: true });
  }
}
