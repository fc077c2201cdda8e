import { spawn } from "node:child_process";

const firstDescriptor = 3;

/**
 * Sockets that systemd, or who stands in for it, started this process with: sd_listen_fds(3). They
 * are this process's, or its parent's who handed them on.
 */
export function activatedDescriptors(
  environment: Record<string, string | undefined>,
  { pid, ppid }: { pid: number; ppid: number },
): number[] {
  const receiver = Number(environment["LISTEN_PID"]);
  const count = Number(environment["LISTEN_FDS"]);
  if ((receiver !== pid && receiver !== ppid) || !(count > 0 && count < 1000)) return [];
  return Array.from({ length: count }, (_, index) => firstDescriptor + index);
}

/**
 * Tells who started the daemon how it is, by sd_notify(3): `READY=1`, `RELOADING=1`, `STOPPING=1`.
 * Node has no datagrams of unix sockets, so systemd's own program speaks. Nobody asked: nothing.
 */
export async function notifySystemd(
  environment: Record<string, string | undefined>,
  ...states: string[]
): Promise<void> {
  if ((environment["NOTIFY_SOCKET"] ?? "") === "") return;
  const child = spawn("systemd-notify", [`--pid=${process.pid}`, ...states], {
    stdio: "ignore",
    env: environment,
  });
  await new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("exit", () => resolve());
  });
}
