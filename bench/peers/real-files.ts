import type { Fixture } from "./fixture.ts";
import { makeArchive } from "./make-archive.ts";

export const archiveMiB = 300;

/** An archive of real files of this machine: one layer of large ones, or 30,000 small ones in 8 layers. */
export function archiveOf(folder: string, what: "large files" | "many files"): Promise<Fixture> {
  const script = what === "large files" ? largeFiles : smallFiles;
  return makeArchive(folder, { image: "bench-large:1", script });
}

/** Files of /usr below a size, up to so many bytes with their headers, by the tools that are there. */
function files(most: { eachKiB: number; bytes: number; count: number }): string {
  return `
find /usr -xdev -type f -size -${most.eachKiB}k -readable 2>/dev/null | sort |
  xargs -d '\\n' stat -c '%s %n' | awk -v most=${most.bytes} '{ sum += $1 + 1024; if (sum > most || NR > ${most.count}) exit; print substr($0, index($0, " ") + 1) }' > list
`;
}

const largeFiles = `${files({ eachKiB: 8192, bytes: archiveMiB * 2 ** 20, count: 1e6 })}
tar -cf layer.tar --no-recursion -T list 2>/dev/null
`;

const smallFiles = `${files({ eachKiB: 40, bytes: archiveMiB * 2 ** 20, count: 30_000 })}
split -n l/8 -d -a 1 list part
for number in 0 1 2 3 4 5 6 7; do
  tar -cf layer$number.tar --no-recursion -T part$number 2>/dev/null
done
`;
