import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { DvmError, ignore, systemErrorCode } from "../base/errors.ts";
import type { GivenSettings } from "./given-settings.ts";

/** How connections by TCP are kept safe. */
export interface TlsSettings {
  /** PEM texts; `ca` where clients must show a certificate. */
  cert: string;
  key: string;
  ca: string | undefined;
}

export interface TlsWish {
  wanted: boolean;
  verify: boolean;
  /** Somebody said in so many words that it isn't wanted. */
  declined: boolean;
}

/** As dockerd reads them: who says anything of verification wants TLS, and who wants TLS, both. */
export function tlsWish(settings: GivenSettings): TlsWish {
  const verify = settings.boolean("tlsverify");
  const tls = settings.boolean("tls");
  const wanted = verify !== undefined || tls === true;
  return {
    wanted,
    verify: verify ?? wanted,
    declined: verify === false || (tls === false && verify === undefined),
  };
}

/** Certificates by settings, else of `folder` (docker's `ca.pem`, `cert.pem`, `key.pem`). */
export async function readTls(
  settings: GivenSettings,
  folder: string,
): Promise<TlsSettings | undefined> {
  const { wanted, verify } = tlsWish(settings);
  if (!wanted) return undefined;
  const certPath = settings.text("tlscert") ?? join(folder, "cert.pem");
  const keyPath = settings.text("tlskey") ?? join(folder, "key.pem");
  const caPath = settings.text("tlscacert") ?? join(folder, "ca.pem");
  const pair = `X509 key pair (cert: "${certPath}", key: "${keyPath}")`;
  const cert = await readPem(certPath, pair);
  const key = await readPem(keyPath, pair);
  const ca = verify ? await readPem(caPath, `CA certificate "${caPath}"`) : undefined;
  try {
    createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) });
  } catch (cause) {
    throw new DvmError("invalid", `invalid TLS configuration: Could not load ${pair}`, { cause });
  }
  return { cert, key, ca };
}

async function readPem(path: string, what: string): Promise<string> {
  try {
    const text = await ignore("ENOENT", () => readFile(path, "utf8"));
    if (text !== undefined) return text;
  } catch (cause) {
    throw failed(what, `open ${path}: ${systemErrorCode(cause) ?? "?"}`);
  }
  throw failed(what, `open ${path}: no such file or directory`);
}

function failed(what: string, fact: string): DvmError {
  return new DvmError("invalid", `invalid TLS configuration: Could not load ${what}: ${fact}`);
}
