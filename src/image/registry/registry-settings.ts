import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DvmError, ignore, systemErrorCode } from "../../base/errors.ts";

/** How to speak to one registry. */
export interface RegistrySettings {
  /** Asked first, and without credentials, when something is pulled; in this order. */
  mirrors: URL[];
  plainHttp: boolean;
  /** It is spoken to without TLS where it has none. */
  mayBePlain: boolean;
  /** Take any certificate. */
  skipVerify: boolean;
  tls: TlsMaterial;
}

/** PEM texts. */
export interface TlsMaterial {
  /** Certificates to trust beside the system's. */
  ca?: string[];
  cert?: string;
  key?: string;
}

/** Proxies of the daemon; what is empty comes from its environment. */
export interface ProxySettings {
  httpProxy?: string | undefined;
  httpsProxy?: string | undefined;
  noProxy?: string | undefined;
}

/** Where settings are read, a later folder beating an earlier one. */
export interface SettingsFolders {
  /** Hold `registries.json`. */
  settings: string[];
  /** Hold a folder per registry, as docker's `certs.d`. */
  certificates: string[];
}

const registrySchema = z.strictObject({
  mirrors: z.array(z.url({ protocol: /^https?$/ }).transform((url) => new URL(url))).optional(),
  plainHttp: z.boolean().optional(),
  skipVerify: z.boolean().optional(),
  ca: z.string().optional(),
  clientCertificate: z.string().optional(),
  clientKey: z.string().optional(),
});
const fileSchema = z.strictObject({
  registries: z.record(z.string(), registrySchema).default({}),
  proxies: z
    .strictObject({
      httpProxy: z.string().optional(),
      httpsProxy: z.string().optional(),
      noProxy: z.string().optional(),
    })
    .default({}),
});
type SettingsFile = z.infer<typeof fileSchema>;

const fileName = "registries.json";

/**
 * The settings for `host` (as references name it: `docker.io`, `localhost:5000`), from every
 * `registries.json` and `certs.d/HOST` (`*.crt` to trust; `*.cert` with `*.key` to show). Read anew
 * each time, so that a change needs no restart.
 */
export async function readRegistrySettings(
  folders: SettingsFolders,
  host: string,
): Promise<{ registry: RegistrySettings; proxies: ProxySettings }> {
  const files: SettingsFile[] = [];
  for (const folder of folders.settings) {
    const file = await readSettingsFile(join(folder, fileName));
    if (file !== undefined) files.push(file);
  }
  const given = Object.assign({}, ...files.map((file) => file.registries[host] ?? {})) as z.infer<
    typeof registrySchema
  >;
  return {
    registry: {
      mirrors: given.mirrors ?? [],
      plainHttp: given.plainHttp ?? false,
      mayBePlain: false,
      skipVerify: given.skipVerify ?? false,
      tls: { ...(await readCertificates(folders.certificates, host)), ...(await readPem(given)) },
    },
    proxies: Object.assign({}, ...files.map((file) => file.proxies)) as ProxySettings,
  };
}

async function readSettingsFile(path: string): Promise<SettingsFile | undefined> {
  const text = await ignore("ENOENT", () => readFile(path, "utf8"));
  if (text === undefined) return undefined;
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const fact =
      issue === undefined ? "it is not JSON" : `${issue.path.join(".")}: ${issue.message}`;
    throw new DvmError("invalid", `cannot read ${path}: ${fact}`, {
      cause: issue === undefined ? cause : undefined,
      hint: "docs/registries.md says what may be in it",
    });
  }
}

async function readPem(given: z.infer<typeof registrySchema>): Promise<TlsMaterial> {
  return {
    ...(given.ca === undefined ? {} : { ca: [await readNamed(given.ca)] }),
    ...(given.clientCertificate === undefined
      ? {}
      : { cert: await readNamed(given.clientCertificate) }),
    ...(given.clientKey === undefined ? {} : { key: await readNamed(given.clientKey) }),
  };
}

/** Docker's layout; the first client certificate with a key is shown. */
async function readCertificates(folders: readonly string[], host: string): Promise<TlsMaterial> {
  const found: TlsMaterial = {};
  for (const folder of folders) {
    const path = join(folder, host);
    const names = ((await ignore("ENOENT", () => readdir(path))) ?? []).sort();
    for (const name of names.filter((one) => one.endsWith(".crt")))
      found.ca = [...(found.ca ?? []), await readNamed(join(path, name))];
    const pair = names.find(
      (one) => one.endsWith(".cert") && names.includes(one.replace(/cert$/, "key")),
    );
    if (pair === undefined) continue;
    found.cert = await readNamed(join(path, pair));
    found.key = await readNamed(join(path, pair.replace(/cert$/, "key")));
  }
  return found;
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DvmError("unavailable", `cannot read ${path}: ${systemErrorCode(cause) ?? "?"}`, {
      cause,
      hint: "a registry's settings name it",
    });
  }
}
