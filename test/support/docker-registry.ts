import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Of `DockerRegistry.user`, by bcrypt. */
const passwordLine = "bob:$2y$05$qSoiPVCdc59IqwFhcX1Naenl/ovqW2JzsR5oGTvZMH0xm186Rcxqa\n";

interface RegistrySetUp {
  /** Serve by TLS, with a certificate that only `certificate` vouches for. */
  tls?: boolean;
  /** Let nobody in but `DockerRegistry.user`, by name and password. */
  htpasswd?: boolean;
  /** Serve what another one has. */
  storage?: string;
  /** The words that run it, such as in a network of its own. */
  within?: (words: string[]) => string[];
  /** The token server that lets in. */
  token?: { realm: string; issuer: string; service: string; certificate: string };
}

/** Debian's docker-registry on a free port, with a root of its own. */
export class DockerRegistry implements AsyncDisposable {
  static readonly user = { username: "bob", password: "pass:word" };
  readonly host: string;
  readonly root: string;
  readonly #process: ChildProcess;

  private constructor(root: string, child: ChildProcess, host: string) {
    this.root = root;
    this.#process = child;
    this.host = host;
  }

  static async start(setUp: RegistrySetUp = {}): Promise<DockerRegistry> {
    const root = await mkdtemp(join(tmpdir(), "dvm-registry-"));
    await mkdir(join(root, "storage"));
    if (setUp.tls === true) await makeCertificate(root);
    if (setUp.htpasswd === true) await writeFile(join(root, "htpasswd"), passwordLine);
    await writeFile(join(root, "config.yml"), JSON.stringify(configuration(root, setUp)));
    const words = ["docker-registry", "serve", join(root, "config.yml")];
    const [program = "", ...rest] = setUp.within?.(words) ?? words;
    const child = spawn(program, rest, {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const host = await listeningOn(child);
    return new DockerRegistry(root, child, host);
  }

  /** Folder of all that it has. */
  get storage(): string {
    return join(this.root, "storage");
  }

  /** PEM file of the certificate to trust. */
  get certificate(): string {
    return join(this.root, "registry.crt");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    await rm(this.root, { recursive: true, force: true });
  }
}

/** A key and a self-signed certificate for this host, `registry.key` and `registry.crt`. */
export async function makeCertificate(folder: string): Promise<void> {
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=dvm tests"],
    ...["-addext", "subjectAltName=DNS:localhost,DNS:registry.test,IP:127.0.0.1"],
    ...["-keyout", join(folder, "registry.key"), "-out", join(folder, "registry.crt")],
  ]);
}

/** YAML holds JSON. */
function configuration(root: string, { tls, htpasswd, token, storage }: RegistrySetUp) {
  return {
    version: 0.1,
    storage: { filesystem: { rootdirectory: storage ?? join(root, "storage") } },
    http: {
      addr: "127.0.0.1:0",
      relativeurls: true,
      ...(tls === true
        ? { tls: { certificate: join(root, "registry.crt"), key: join(root, "registry.key") } }
        : {}),
    },
    auth: {
      ...(htpasswd === true ? { htpasswd: { realm: "tests", path: join(root, "htpasswd") } } : {}),
      ...(token === undefined
        ? {}
        : {
            token: {
              realm: token.realm,
              service: token.service,
              issuer: token.issuer,
              rootcertbundle: token.certificate,
            },
          }),
    },
  };
}

async function listeningOn(child: ChildProcess): Promise<string> {
  assert(child.stderr !== null);
  const said: string[] = [];
  const lines = createInterface({ input: child.stderr });
  for await (const line of lines) {
    said.push(line);
    const host = /listening on ([^",\s]+)/.exec(line)?.[1];
    if (host === undefined) continue;
    child.stderr.resume();
    return host;
  }
  throw new Error(`docker-registry does not start:\n${said.join("\n")}`);
}
