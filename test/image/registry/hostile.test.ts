import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { fetchDocument } from "../../../src/image/registry/blobs.ts";
import type { Credentials } from "../../../src/image/registry/credentials.ts";
import { downloadBlob } from "../../../src/image/registry/download-blob.ts";
import { parseManifest } from "../../../src/image/registry/manifest.ts";
import { fetchManifest } from "../../../src/image/registry/manifests.ts";
import { connect } from "../../../src/image/registry/registry-connection.ts";
import { repositoryOf, type Repository } from "../../../src/image/registry/repository.ts";
import { listTags } from "../../../src/image/registry/tags.ts";
import { Transport } from "../../../src/image/registry/transport.ts";
import { RegistryGate } from "../../support/registry-gate.ts";
import { digestOf } from "../../support/tar.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const user = { username: "alice", password: "secret" };
const digest = digestOf(Buffer.from("wanted"));

function makeTransport() {
  const folders = { settings: [], certificates: [] };
  return new Transport({ folders, environment: {}, retryDelayMs: 1, idleMs: 300 });
}

/** A registry that answers `/v2/` as it should, and all else as `answer` says. */
async function hostile(
  answer: (path: string, response: ServerResponse) => void,
  challenge?: string,
): Promise<RegistryGate> {
  const gate = await RegistryGate.start();
  gate.rule = ({ path, headers }, response) => {
    if (path !== "/v2/") answer(path, response);
    else if (challenge === undefined || headers.authorization !== undefined) response.end("{}");
    else response.writeHead(401, { "WWW-Authenticate": challenge }).end();
    return true;
  };
  return gate;
}

async function repository(
  transport: Transport,
  { host }: RegistryGate,
  credentials: Credentials = {},
): Promise<Repository> {
  const connection = await connect(transport, { registry: host, credentials });
  return repositoryOf(connection, { repository: "x", familiarName: `${host}/x` });
}

/** What a pull of a manifest comes to. */
async function manifestFrom(gate: RegistryGate, credentials?: Credentials) {
  using transport = makeTransport();
  return await fetchManifest(await repository(transport, gate, credentials), "latest");
}

async function blobFrom(gate: RegistryGate, size: number): Promise<Buffer> {
  await using folder = await temporaryFolder();
  using transport = makeTransport();
  const sources = [await repository(transport, gate)];
  const blob = { mediaType: "", digest, size };
  return await buffer(downloadBlob({ sources, blob, file: join(folder.path, "blob") }));
}

test("a manifest of 100 MB is not read, whether it says so or not", async () => {
  const chunk = Buffer.alloc(1 << 20, " ");
  let sent = 0;
  const send = (headers: Record<string, string>) => (_path: string, response: ServerResponse) => {
    sent = 0;
    response.writeHead(200, headers);
    const more = () => {
      while (sent < 100 && !response.destroyed) {
        sent += 1;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  };
  for (const headers of [{}, { "Content-Length": String(100 << 20) }]) {
    await using gate = await hostile(send(headers));
    await assert.rejects(manifestFrom(gate), {
      code: "invalid",
      message: /has more than 4194304 bytes/,
    });
    assert(sent < 50, `${sent} MB were sent`);
  }
});

test("credentials don't follow a redirect to elsewhere", async () => {
  await using other = await hostile((_path, response) => response.end("{}"));
  await using gate = await hostile(
    (path, response) => response.writeHead(307, { Location: `http://${other.host}${path}` }).end(),
    'Basic realm="x"',
  );
  const manifest = await manifestFrom(gate, user);
  assert.equal(manifest.body.toString(), "{}");
  assert(gate.seen.some(({ headers }) => headers.authorization !== undefined));
  assert.deepEqual(
    other.seen.map(({ headers }) => headers.authorization),
    [undefined],
  );
});

test("who is sent elsewhere and asked for a password there does not give it", async () => {
  await using other = await RegistryGate.start();
  other.rule = (_request, response) => {
    response.writeHead(401, { "WWW-Authenticate": 'Basic realm="give it"' }).end();
    return true;
  };
  await using gate = await hostile(
    (path, response) => response.writeHead(302, { Location: `http://${other.host}${path}` }).end(),
    'Basic realm="x"',
  );
  await assert.rejects(manifestFrom(gate, user), { message: /^pull access denied/ });
  assert(other.seen.every(({ headers }) => headers.authorization === undefined));
});

test("redirects in a circle, and to other schemes, end", async () => {
  await using circle = await hostile((path, response) =>
    response.writeHead(302, { Location: path }).end(),
  );
  await assert.rejects(manifestFrom(circle), { code: "invalid", message: /over 10 redirects/ });
  await using file = await hostile((_path, response) =>
    response.writeHead(302, { Location: "file:///etc/passwd" }).end(),
  );
  await assert.rejects(manifestFrom(file), { code: "invalid", message: /redirects to "file:/ });
});

test("a registry that stalls is given up", async () => {
  await using silent = await hostile(() => {});
  await assert.rejects(manifestFrom(silent), { code: "deadline", message: /silent for 0\.3 s/ });
  await using stops = await hostile((_path, response) => {
    response.writeHead(200, { "Content-Length": "6" });
    response.write("wan");
  });
  await assert.rejects(blobFrom(stops, 6), { code: "deadline" });
  assert.equal(stops.asked("GET", /blobs/).length, 5, "after some tries");
});

test("lies about lengths are noticed: too much, too little, and another offset", async () => {
  await using more = await hostile((_path, response) => response.end("wanted and more"));
  await assert.rejects(blobFrom(more, 6), {
    code: "damaged",
    message: /it has more than the 6 bytes/,
  });
  await using less = await hostile((_path, response) => response.end("wan"));
  await assert.rejects(blobFrom(less, 6), { message: /3 bytes less than the 6/ });
  let answers = 0;
  await using elsewhere = await hostile((_path, response) => {
    answers += 1;
    if (answers === 1) response.end("wan");
    else response.writeHead(206, { "Content-Range": "bytes 0-5/6" }).end("wanted");
  });
  await assert.rejects(blobFrom(elsewhere, 6), {
    code: "damaged",
    message: /asked for byte 3, it sends from 0/,
  });
});

test("a server that knows no ranges is read from the start again, and nothing comes twice", async () => {
  let answers = 0;
  await using gate = await hostile((_path, response) => {
    answers += 1;
    response.writeHead(200, { "Content-Length": "6" });
    if (answers > 1) response.end("wanted");
    else response.write("wan", () => response.destroy());
  });
  assert.equal((await blobFrom(gate, 6)).toString(), "wanted");
});

test("what fails for a while is tried again, what is refused is not", async () => {
  let answers = 0;
  await using busy = await hostile((_path, response) => {
    answers += 1;
    if (answers < 4) response.writeHead(answers === 1 ? 429 : 503).end();
    else response.end("{}");
  });
  assert.equal((await manifestFrom(busy)).body.toString(), "{}");
  await using refuses = await hostile((_path, response) => response.writeHead(400).end());
  await assert.rejects(manifestFrom(refuses), { code: "invalid" });
  assert.equal(refuses.asked("GET", /manifests/).length, 1);
});

test("documents must have the digest that was asked for", async () => {
  await using gate = await hostile((_path, response) => response.end('{"other":1}'));
  using transport = makeTransport();
  const here = await repository(transport, gate);
  await assert.rejects(fetchManifest(here, digest), { code: "damaged", message: /it is sha256:/ });
  await assert.rejects(fetchDocument(here, { mediaType: "", digest, size: 6 }), {
    code: "damaged",
    message: /it should be sha256:/,
  });
});

test("what a registry says comes without control characters, and not whole books", async () => {
  const message = `\u001b[2Jgone ${"x".repeat(5000)}`;
  await using gate = await hostile((_path, response) =>
    response
      .writeHead(404)
      .end(JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message }] })),
  );
  await assert.rejects(manifestFrom(gate), (error: Error) => {
    assert.match(error.message, /manifest unknown: {2}\[2Jgone x+$/);
    assert(error.message.length < 700);
    return true;
  });
});

test("schema 1, nonsense, and documents that are two things at once are refused", async () => {
  await using old = await hostile((_path, response) => {
    const type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    response.writeHead(200, { "Content-Type": type }).end("{}");
  });
  await assert.rejects(manifestFrom(old), { code: "unsupported", message: /schema 1/ });
  const parse = (json: unknown) => parseManifest(Buffer.from(JSON.stringify(json)), "x");
  const descriptor = { mediaType: "", digest, size: 1 };
  const image = { config: descriptor, layers: [descriptor] };
  assert.equal(parse(image).kind, "image");
  assert.throws(() => parse({ schemaVersion: 1, fsLayers: [] }), { code: "unsupported" });
  assert.throws(() => parse({ ...image, manifests: [] }), { code: "damaged" });
  for (const wrong of [
    [],
    { ...image, layers: [{ ...descriptor, digest: "sha256:../../etc" }] },
    { ...image, layers: [{ ...descriptor, size: -1 }] },
    { ...image, layers: Array.from({ length: 1025 }, () => descriptor) },
    { manifests: [{ ...descriptor, digest: "md5:1" }] },
  ])
    assert.throws(() => parse(wrong), { code: "damaged" }, JSON.stringify(wrong).slice(0, 80));
  assert.throws(() => parseManifest(Buffer.from("<html>"), "x"), { code: "damaged" });
});

test("a list of tags without an end is given up", async () => {
  let page = 0;
  await using gate = await hostile((_path, response) => {
    page += 1;
    response.writeHead(200, { Link: `</v2/x/tags/list?page=${page}>; rel="next"` });
    response.end(
      JSON.stringify({ tags: Array.from({ length: 1000 }, (_, at) => `t${page}-${at}`) }),
    );
  });
  using transport = makeTransport();
  await assert.rejects(listTags(await repository(transport, gate)), {
    code: "invalid",
    message: /more than 10000/,
  });
});

test("a realm that isn't https gets no password from who came by TLS", async () => {
  const { fetchToken } = await import("../../../src/image/registry/token-source.ts");
  let asked = 0;
  const send = async (): Promise<never> => {
    asked += 1;
    throw new Error("asked");
  };
  for (const realm of ["http://elsewhere/token", "file:///etc/passwd", "nonsense"]) {
    const challenge = { kind: "bearer" as const, realm, service: "x", scope: undefined };
    const request = { challenge, scopes: [], credentials: user, overPlainHttp: false };
    await assert.rejects(fetchToken(send, request), { code: "invalid", message: /no https URL/ });
  }
  assert.equal(asked, 0);
});

test("a failed download keeps what came, for the next try", async () => {
  await using folder = await temporaryFolder();
  await using gate = await hostile((_path, response) => {
    response.writeHead(200, { "Content-Length": "6" });
    response.write("wan", () => response.destroy());
  });
  using transport = makeTransport();
  const file = join(folder.path, "blob");
  const sources = [await repository(transport, gate)];
  await assert.rejects(
    buffer(downloadBlob({ sources, blob: { mediaType: "", digest, size: 6 }, file })),
  );
  assert.equal(await readFile(file, "utf8"), "wan");
});
