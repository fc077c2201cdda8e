/** What an exec was asked to be: the Engine API's `ExecConfig`. */
export interface ExecRequest {
  Cmd: string[];
  Env: string[];
  WorkingDir: string;
  User: string;
  Tty: boolean;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  Privileged: boolean;
  DetachKeys: string;
  /** Rows and columns of the terminal at its start; zeros: not known. */
  ConsoleSize: number[];
}
