import { DvmError } from "../../../../base/errors.ts";
import type { Resources } from "../../../records.ts";

const leastBytes = 6 * 2 ** 20;
const discarded = (what: string, name: string) =>
  `Your kernel does not support ${what} capabilities or the cgroup is not mounted. ${name} discarded.`;

/** Fields that come out in another way. */
export function settleMemory(
  asked: Resources,
  isUpdate: boolean,
  warnings: string[],
): Partial<Resources> {
  checkBytes(asked, isUpdate);
  const settled: Partial<Resources> = {};
  const { MemorySwappiness, KernelMemory, KernelMemoryTCP, OomKillDisable } = asked;
  if (MemorySwappiness === -1) settled.MemorySwappiness = null;
  else if (MemorySwappiness !== null) {
    if (MemorySwappiness < 0 || MemorySwappiness > 100)
      throw refused(`Invalid value: ${MemorySwappiness}, valid memory swappiness range is 0-100`);
    warnings.push("A machine has no swap: MemorySwappiness has no effect.");
  }
  if (KernelMemory > 0) {
    settled.KernelMemory = 0;
    warnings.push(discarded("kernel memory limit", "Limitation"));
  }
  if (KernelMemoryTCP > 0) {
    settled.KernelMemoryTCP = 0;
    warnings.push(discarded("kernel memory TCP limit", "Limitation"));
  }
  if (OomKillDisable !== null) {
    settled.OomKillDisable = null;
    if (OomKillDisable)
      warnings.push("Your kernel does not support OomKillDisable. OomKillDisable discarded.");
  }
  return settled;
}

function checkBytes(asked: Resources, isUpdate: boolean): void {
  const { Memory, MemorySwap, MemoryReservation } = asked;
  if (Memory !== 0 && Memory < leastBytes) throw refused("Minimum memory limit allowed is 6MB");
  if (Memory > 0 && MemorySwap > 0 && MemorySwap < Memory)
    throw refused("Minimum memoryswap limit should be larger than memory limit, see usage");
  if (Memory === 0 && MemorySwap > 0 && !isUpdate)
    throw refused("You should always set the Memory limit when using Memoryswap limit, see usage");
  if (MemoryReservation > 0 && MemoryReservation < leastBytes)
    throw refused("Minimum memory reservation allowed is 6MB");
  if (Memory > 0 && MemoryReservation > 0 && Memory < MemoryReservation)
    throw refused("Minimum memory limit can not be less than memory reservation limit, see usage");
}

function refused(words: string): DvmError {
  return new DvmError("invalid", words);
}
