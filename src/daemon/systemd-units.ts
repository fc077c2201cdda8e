/** What units are made for. */
export interface UnitWish {
  /** A user's own service, not the host's. */
  forUser: boolean;
  /** How the daemon is started: program and words, absolute. */
  program: string;
  words: readonly string[];
  socketPath: string;
  /** That may use the socket of the host's service. */
  group: string | undefined;
}

export const serviceName = "dvm.service";
export const socketName = "dvm.socket";

/** The service; machines outlive the daemon, so only the daemon is ended with it. */
export function serviceUnit({ forUser, program, words }: UnitWish): string {
  const after = forUser ? [] : ["After=network-online.target", "Wants=network-online.target"];
  return unitText({
    Unit: [
      "Description=DVM: any Docker image in its own virtual machine",
      ...after,
      `After=${socketName}`,
      `Requires=${socketName}`,
    ],
    Service: [
      "Type=notify",
      "NotifyAccess=all",
      `ExecStart=${[program, ...words, "daemon", "--host", "fd://"].map(quoted).join(" ")}`,
      "ExecReload=/bin/kill -s HUP $MAINPID",
      "KillMode=process",
      "Delegate=yes",
      "Restart=on-failure",
      "RestartSec=2",
      "TimeoutStartSec=0",
      "LimitNOFILE=1048576",
      "TasksMax=infinity",
    ],
    Install: [`WantedBy=${forUser ? "default.target" : "multi-user.target"}`, `Also=${socketName}`],
  });
}

export function socketUnit({ forUser, socketPath, group }: UnitWish): string {
  const owner =
    forUser || group === undefined
      ? ["SocketMode=0600"]
      : ["SocketMode=0660", "SocketUser=root", `SocketGroup=${group}`];
  return unitText({
    Unit: ["Description=Socket of DVM, for the Docker Engine API"],
    Socket: [`ListenStream=${socketPath}`, ...owner, "DirectoryMode=0755"],
    Install: ["WantedBy=sockets.target"],
  });
}

function unitText(sections: Record<string, readonly string[]>): string {
  return Object.entries(sections)
    .map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`)
    .join("\n");
}

/** As systemd.syntax(7) reads words: its specifiers and variables stay what they are. */
function quoted(word: string): string {
  const literal = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(literal)
    ? literal
    : `"${literal.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
