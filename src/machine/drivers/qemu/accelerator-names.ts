import { DvmError } from "../../../base/errors.ts";

/** What QEMU calls them: the host's own processor, and emulation. */
export const acceleratorNames = ["kvm", "tcg"] as const;
export type AcceleratorName = (typeof acceleratorNames)[number];

const bootDeadlinesMs: Record<AcceleratorName, number> = { kvm: 20_000, tcg: 60_000 };

/** Whether QEMU translates the guest's code itself. */
export function isEmulated({ accelerator }: { accelerator: string }): boolean {
  return acceleratorName(accelerator) === "tcg";
}

export function bootDeadlineMs(accelerator: string): number {
  return bootDeadlinesMs[acceleratorName(accelerator)];
}

/** A name that came from above the driver. */
export function acceleratorName(text: string): AcceleratorName {
  const name = acceleratorNames.find((one) => one === text);
  if (name !== undefined) return name;
  throw new DvmError(
    "invalid",
    `cannot use accelerator ${text}: it is none of ${acceleratorNames.join(", ")}`,
  );
}
