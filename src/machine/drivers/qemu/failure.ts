import { DvmError } from "../../../base/errors.ts";

/** QEMU's words that mean something to who started the machine. */
const meanings: { said: RegExp; failure: (errors: string) => DvmError }[] = [
  {
    said: /Could not set up host forwarding rule/,
    failure: (errors) =>
      new DvmError("unavailable", `driver failed programming external connectivity: ${errors}`),
  },
  {
    said: /cannot set up guest memory|Cannot allocate memory/,
    failure: (errors) =>
      new DvmError("unavailable", `the host has no memory for the machine: ${errors}`, {
        hint: "end other machines, or give this one less by --memory",
      }),
  },
  {
    said: /Failed to get "\w+" lock/,
    failure: (errors) =>
      new DvmError("conflict", `another machine uses a disk of this one: ${errors}`),
  },
  {
    said: /could not (?:configure|open) \/dev\/net\/tun|^dvm-switch: cannot get/m,
    failure: (errors) =>
      new DvmError("unavailable", `the machine's network card has no interface: ${errors}`),
  },
];

/** What the end of a QEMU means, as far as it said so. */
export function readFailure(errors: string): DvmError | undefined {
  return meanings.find(({ said }) => said.test(errors))?.failure(errors);
}
