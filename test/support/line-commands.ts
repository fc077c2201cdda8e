/**
 * What the guests of the conformance suite understand: a line comes by the agent's socket, and is
 * answered with the line's number and a word. Both kinds of guest speak it: busybox in a real
 * machine, `line-guest.ts` in a fake one. Any other line is answered by itself.
 */
export const lineCommand = {
  /** First line of the disk of this name; `nothing` where it holds zeros. */
  readDisk: (disk: string) => `disk ${disk} read`,
  /** `written` or `refused`. */
  writeDisk: (disk: string, word: string) => `disk ${disk} write ${word}`,
  /** MAC address of a network card, or `none`. */
  card: (card: number) => `card ${card}`,
  /** Reads a line from the port for files, and says there `WORD: LINE`. */
  files: (word: string) => `files ${word}`,
};

/** Where the guests answer connections, by {@link portGreeting}. */
export const guestPort = 80;
export const portGreeting = "port 80 of the guest";
