import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runTool } from "../../src/host/run-tool.ts";

interface Pair {
  cert: string;
  key: string;
}

const purpose = "make certificates";
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** A CA, a server's certificate and a client's of it, and a stranger's; the client's as docker finds it. */
export async function makeCertificates(
  folder: string,
): Promise<{ ca: string; server: Pair; client: Pair; stranger: Pair }> {
  const at = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => runTool("openssl", words, { purpose });
  await writeFile(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const own = async (name: string): Promise<Pair> => {
    const pair = { cert: at(`${name}.pem`), key: at(`${name}-key.pem`) };
    const subject = ["-subj", `/CN=${name}`, "-days", "2"];
    await openssl("req", "-x509", ...newKey, ...subject, "-keyout", pair.key, "-out", pair.cert);
    return pair;
  };
  const signed = async (name: string, pair: Pair): Promise<Pair> => {
    const request = at("request");
    const subject = ["-subj", `/CN=${name}`];
    await openssl("req", ...newKey, ...subject, "-keyout", pair.key, "-out", request);
    const by = ["-CA", at("ca.pem"), "-CAkey", at("ca-key.pem"), "-CAcreateserial", "-days", "2"];
    await openssl(
      "x509",
      "-req",
      "-in",
      request,
      ...by,
      "-extfile",
      at("names"),
      "-out",
      pair.cert,
    );
    return pair;
  };
  const { cert: ca } = await own("ca");
  return {
    ca,
    server: await signed("server", { cert: at("server.pem"), key: at("server-key.pem") }),
    client: await signed("client", { cert: at("cert.pem"), key: at("key.pem") }),
    stranger: await own("stranger"),
  };
}
