import type { FileBind } from "../../machine.ts";

/** Binds each file inside a mount namespace that only this QEMU has; no privileges are needed. */
const bindScript = `
while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done
shift
exec "$@"`;

/** A command that does so first, and becomes `qemu` then: its pid stays the same. */
export function withFileBinds(
  qemu: [string, ...string[]],
  fileBinds: readonly FileBind[],
): [string, ...string[]] {
  if (fileBinds.length === 0) return qemu;
  const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const binds = fileBinds.flatMap(({ source, target }) => [source, target]);
  return ["unshare", ...asRoot, "--mount", "sh", "-c", bindScript, "sh", ...binds, "--", ...qemu];
}
