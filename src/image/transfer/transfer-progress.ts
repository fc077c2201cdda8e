/** One line of what a pull or push has to say, in docker's words. */
export interface TransferProgress {
  /** Of a layer, twelve digits; or a tag. */
  id?: string;
  status: string;
  /** It only says something: nothing of it goes on. */
  isMessage?: boolean;
  /** Bytes: so many of so many. */
  current?: number;
  total?: number;
}

export type OnProgress = (progress: TransferProgress) => void;

const betweenMs = 100;

/** As docker names a layer in progress. */
export function layerLabel(digest: string): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}

/** Tells of bytes now and then only, and of the last one. */
export function byteProgress(
  onProgress: OnProgress,
  line: { id: string; status: string; total: number },
): (current: number) => void {
  let last = -Infinity;
  return (current) => {
    const now = performance.now();
    if (now - last < betweenMs && current < line.total) return;
    last = now;
    onProgress({ ...line, current });
  };
}
