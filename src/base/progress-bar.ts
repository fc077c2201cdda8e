import { decimalSize } from "./describe-size.ts";

const barWidth = 50;
/** On narrower terminals docker shows the numbers only. */
const leastColumns = 111;

/** `[=====>     ]  1.2MB/3.4MB`, as docker draws it; only the size where the whole isn't known. */
export function progressBar(current: number, total: number, columns = leastColumns): string {
  if (current <= 0 && total <= 0) return "";
  const size = decimalSize(current, 4).padStart(8);
  if (total <= 0 || current > total) return size;
  const numbers = `${size}/${decimalSize(total, 4)}`;
  if (columns < leastColumns) return numbers;
  const done = Math.floor((current / total) * barWidth);
  const bar = done < barWidth ? `${"=".repeat(done)}>` : "=".repeat(barWidth);
  return `[${bar.padEnd(barWidth)}] ${numbers}`;
}
