/** Frames as a guest would make them, as hexadecimal. */
export interface Ethernet {
  from: string;
  /** Broadcast when left out. */
  to?: string;
}

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, "0");
const mac = (text: string) => text.replaceAll(":", "");
const four = (text: string) =>
  text
    .split(".")
    .map((part) => hex(Number(part), 2))
    .join("");

/** Of whole groups and one `::`. */
function six(text: string): string {
  const [head = "", tail = ""] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, "0")).join("");
}

export function frame({ from, to = "ff:ff:ff:ff:ff:ff" }: Ethernet, type: string, body: string) {
  return `${mac(to)}${mac(from)}${type}${body}`;
}

export interface Arp {
  answers?: boolean;
  senderMac: string;
  sender: string;
  target: string;
}

/** Who has an address, or who says that he has it. */
export function arp(
  ethernet: Ethernet,
  { answers = false, senderMac, sender, target }: Arp,
): string {
  const head = `000108000604000${answers ? 2 : 1}`;
  const body = `${mac(senderMac)}${four(sender)}000000000000${four(target)}`;
  return frame(ethernet, "0806", `${head}${body}`);
}

/** A datagram of UDP, marked by its words. */
export function udp4(
  ethernet: Ethernet,
  [sender, target]: [string, string],
  [from, to]: [number, number],
  words: string,
): string {
  const data = Buffer.from(words).toString("hex");
  const length = 8 + data.length / 2;
  const head = `4500${hex(20 + length, 4)}000040004011`;
  const addresses = `${four(sender)}${four(target)}`;
  const sum = hex(checksum(`${head}0000${addresses}`), 4);
  const datagram = `${hex(from, 4)}${hex(to, 4)}${hex(length, 4)}0000${data}`;
  return frame(ethernet, "0800", `${head}${sum}${addresses}${datagram}`);
}

/** A message of ICMPv6: its type, then all behind its checksum. */
export function icmp6(
  ethernet: Ethernet,
  [sender, target]: [string, string],
  type: number,
  rest: string,
): string {
  const length = 4 + rest.length / 2;
  const addresses = `${six(sender)}${six(target)}`;
  const pseudo = `${addresses}${hex(length, 8)}0000003a`;
  const sum = checksum(`${pseudo}${hex(type, 2)}000000${rest}`);
  const head = `60000000${hex(length, 4)}3aff`;
  return frame(ethernet, "86dd", `${head}${addresses}${hex(type, 2)}00${hex(sum, 4)}${rest}`);
}

/** "I am `target`", with the option that says at which MAC. */
export function advertisement(
  ethernet: Ethernet,
  from: string,
  [target, at]: [string, string],
): string {
  return icmp6(ethernet, [from, "ff02::1"], 136, `20000000${six(target)}0201${mac(at)}`);
}

/** Of words of two bytes (RFC 1071). */
function checksum(text: string): number {
  let sum = 0;
  for (const word of text.match(/.{4}/g) ?? []) sum += parseInt(word, 16);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
