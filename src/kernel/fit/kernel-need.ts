/** Something that a kernel must have to serve an image or a container. */
export interface KernelNeed {
  /** Of kernel/features. */
  feature: string;
  /** The option of it that is needed, with its `CONFIG_`; undefined: the feature as a whole. */
  option?: string | undefined;
  /** What it is for, for a person. */
  reason: string;
  /** `label`: declared; `image`: seen in its files; `trial`: used; `container`: how it is run. */
  source: "label" | "image" | "trial" | "container";
}

/** Something that a program asked of the kernel and did not get. */
export interface Refusal {
  /** For a person. */
  what: string;
  /** As errno(3) names it, or why it can't be had. */
  error: string;
  /** A feature that would not help, as the trial's kernel has it; undefined: no kernel of ours has it. */
  feature?: string | undefined;
}

/** What an image or a container asks of a kernel, as far as it is known. */
export interface KernelNeeds {
  needs: KernelNeed[];
  refused: Refusal[];
}

/** Both, each said once: the first reason for an option stays. */
export function joinNeeds(...all: readonly KernelNeeds[]): KernelNeeds {
  const needs = new Map<string, KernelNeed>();
  const refused = new Map<string, Refusal>();
  for (const one of all) {
    for (const need of one.needs) {
      const key = `${need.feature} ${need.option ?? ""}`;
      if (!needs.has(key)) needs.set(key, need);
    }
    for (const refusal of one.refused) refused.set(`${refusal.what} ${refusal.error}`, refusal);
  }
  return { needs: [...needs.values()], refused: [...refused.values()] };
}
