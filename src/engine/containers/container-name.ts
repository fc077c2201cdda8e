import { DvmError } from "../../base/errors.ts";
import { newName } from "../../base/ids.ts";
import type { Containers } from "../core.ts";

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** A name as it is kept, without the slash that Docker's API puts before it. */
export function cleanName(given: string): string {
  const name = given.replace(/^\//, "");
  if (namePattern.test(name)) return name;
  throw new DvmError(
    "invalid",
    `Invalid container name (${given}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
  );
}

/** One that no container has. */
export function freeName(containers: Containers): string {
  const taken = new Set(containers.list().map(({ name }) => name));
  for (let attempt = 0; ; attempt += 1) {
    const name = newName(attempt);
    if (!taken.has(name)) return name;
  }
}
