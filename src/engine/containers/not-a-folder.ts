/** What Docker adds where its runtime finds something else in a folder's place. */
const advice =
  ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";

/** Whether the runtime's words end so; Docker's exit code is 127 then. */
export function endsAtNoFolder(message: string): boolean {
  return message.endsWith("not a directory");
}

export function withAdvice(message: string): string {
  return endsAtNoFolder(message) ? message + advice : message;
}
