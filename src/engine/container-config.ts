/**
 * What a container was asked to be, in the Docker Engine API's own shapes and names (v1.47,
 * `ContainerConfig` and `HostConfig`), since `inspect` gives back what `create` was given.
 */
export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Env: string[];
  Cmd: string[] | null;
  Image: string;
  Volumes: Record<string, object> | null;
  WorkingDir: string;
  Entrypoint: string[] | null;
  Labels: Record<string, string>;
  ExposedPorts: Record<string, object>;
  StopSignal?: string | undefined;
  StopTimeout?: number | undefined;
}

export interface PortBinding {
  HostIp: string;
  HostPort: string;
}

export interface MountRequest {
  Type: "bind" | "volume" | "tmpfs";
  Source: string;
  Target: string;
  ReadOnly: boolean;
  TmpfsOptions?: { SizeBytes?: number | undefined; Mode?: number | undefined } | undefined;
}

export interface HostConfig {
  Binds: string[];
  Mounts: MountRequest[];
  NetworkMode: string;
  PortBindings: Record<string, PortBinding[]>;
  PublishAllPorts: boolean;
  AutoRemove: boolean;
  CapAdd: string[];
  CapDrop: string[];
  Dns: string[];
  DnsOptions: string[];
  DnsSearch: string[];
  ExtraHosts: string[];
  GroupAdd: string[];
  Privileged: boolean;
  ReadonlyRootfs: boolean;
  SecurityOpt: string[];
  Tmpfs: Record<string, string>;
  ShmSize: number;
  Sysctls: Record<string, string>;
  Memory: number;
  NanoCpus: number;
  PidsLimit: number;
  Ulimits: { Name: string; Soft: number; Hard: number }[];
  Init: boolean;
  /** Rows and columns of the terminal at its start; zeros: not known. */
  ConsoleSize: number[];
  /** DVM's own: which kernel and accelerator, in place of the best there is. */
  Dvm: {
    Kernel?: string | undefined;
    Accelerator?: "auto" | "kvm" | "tcg" | undefined;
    /** The machine boots, though a template would be quicker. */
    NoTemplate?: boolean | undefined;
  };
}
