import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { asObject, asObjects, requireText } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

/* What dockerd 28 answers to clients of each of its versions. */

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

async function plain(path: string, method: "GET" | "HEAD" | "OPTIONS" | "PUT" = "GET") {
  const { request } = await import("node:http");
  const asked = request({ socketPath: engine.socketPath, path, method });
  asked.end();
  const answer = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
    asked.on("response", resolve).on("error", reject);
  });
  const parts: string[] = [];
  for await (const part of answer.setEncoding("utf8")) parts.push(String(part));
  return { status: answer.statusCode, headers: answer.headers, text: parts.join("") };
}

suite("versions", () => {
  test("one that is too old is told so in plain text, one that is too new in JSON", async () => {
    for (const version of ["1.10", "1.23", "1"]) {
      const { status, headers, text } = await plain(`/v${version}/info`);
      assert.equal(status, 400);
      assert.equal(headers["content-type"], "text/plain; charset=utf-8");
      assert.equal(
        text,
        `client version ${version} is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n`,
      );
    }
    for (const version of ["1.52", "1.99", "2.0", "1.51.1"]) {
      const { status, headers, text } = await plain(`/v${version}/info`);
      assert.equal(status, 400);
      assert.equal(headers["content-type"], "application/json");
      const message = `client version ${version} is too new. Maximum supported API version is 1.51`;
      assert.deepEqual(JSON.parse(text), { message });
    }
  });

  test("each that is known is taken", async () => {
    for (let minor = 24; minor <= 51; minor += 1)
      assert.equal((await plain(`/v1.${minor}/version`)).status, 200);
    assert.equal((await plain("/version")).status, 200);
  });
});

suite("pages", () => {
  test("that are none, or have no such method, are not found", async () => {
    const paths = ["/", "/foo", "/vX/info", "/v1.24", "/v1.24/", "/v1.51/foo", "/containers/json/"];
    for (const path of paths) {
      const { status, headers, text } = await plain(path);
      assert.deepEqual([status, text], [404, '{"message":"page not found"}\n'], path);
      assert.equal(headers["api-version"], undefined);
    }
    for (const method of ["PUT", "HEAD"] as const)
      assert.equal((await plain("/containers/json", method)).status, 404);
  });

  test("with more slashes than they need are told where they are", async () => {
    const { status, headers } = await plain("//info?a=b");
    assert.deepEqual([status, headers.location], [301, "/info?a=b"]);
  });

  test("have options, all of them", async () => {
    for (const path of ["/", "/info", "/v1.40/nothing"]) {
      const { status, headers, text } = await plain(path, "OPTIONS");
      assert.deepEqual([status, text, headers["api-version"]], [200, "", "1.51"], path);
    }
  });
});

test("a ping says of the engine what clients ask of it, by GET and by HEAD", async () => {
  for (const method of ["GET", "HEAD"] as const) {
    const { status, headers, text } = await plain("/_ping", method);
    assert.deepEqual([status, text], [200, method === "GET" ? "OK" : ""]);
    const told = {
      "api-version": "1.51",
      "cache-control": "no-cache, no-store, must-revalidate",
      "docker-experimental": "false",
      ostype: "linux",
      pragma: "no-cache",
      swarm: "inactive",
      "content-type": "text/plain; charset=utf-8",
      "content-length": method === "GET" ? "2" : "0",
    };
    for (const [name, value] of Object.entries(told)) assert.equal(headers[name], value, name);
  }
});

test("a body that is not said to be JSON is refused by routes that read it", async () => {
  const { request } = await import("node:http");
  for (const path of [
    ...["/volumes/create", "/containers/create", "/networks/create", "/commit"],
    "/containers/nobody/update",
  ]) {
    const asked = request({
      ...{ socketPath: engine.socketPath, path, method: "POST" },
      headers: { "content-type": "text/plain" },
    });
    asked.end("{}");
    const answer = await new Promise<import("node:http").IncomingMessage>((resolve) => {
      asked.on("response", resolve);
    });
    const parts: string[] = [];
    for await (const part of answer.setEncoding("utf8")) parts.push(String(part));
    assert.equal(answer.statusCode, 400);
    assert.deepEqual(JSON.parse(parts.join("")), {
      message: "unsupported Content-Type header (text/plain): must be 'application/json'",
    });
  }
});

suite("older shapes", () => {
  test("of lists of containers: no annotations before 1.46", async () => {
    const id = await engine.create(["true"], { HostConfig: { Annotations: { a: "b" } } });
    const annotations = async (version: string) => {
      const { text } = await plain(`/v${version}/containers/json?all=1`);
      const own = asObjects(JSON.parse(text)).find((one) => one["Id"] === id);
      return asObject(asObject(own)["HostConfig"])["Annotations"];
    };
    assert.deepEqual(await annotations("1.46"), { a: "b" });
    assert.equal(await annotations("1.45"), undefined);
    await engine.succeeds("DELETE", `/containers/${id}`);
  });

  test("of images: VirtualSize before 1.44, the container's fields before 1.45 and 1.50", async () => {
    const image = (version: string) =>
      engine.succeeds("GET", `/v${version}/images/${testImage}/json`);
    const [v43, v44, v45, v49, v50] = await Promise.all(
      ["1.43", "1.44", "1.45", "1.49", "1.50"].map(image),
    );
    assert.equal(v43?.["VirtualSize"], v43?.["Size"]);
    assert.equal(v44?.["VirtualSize"], undefined);
    assert.notEqual(v44?.["ContainerConfig"], undefined);
    assert.equal(v45?.["ContainerConfig"], undefined);
    assert.equal(asObject(v49?.["Config"])["Hostname"], "");
    assert.equal("Hostname" in asObject(v50?.["Config"]), false);
  });

  test("of lists of images: no count of containers before 1.51, none of names before 1.43", async () => {
    const list = async (version: string) => {
      const { text } = await plain(`/v${version}/images/json`);
      return asObjects(JSON.parse(text));
    };
    assert.deepEqual(
      new Set((await list("1.50")).map(({ Containers }) => Containers)),
      new Set([-1]),
    );
    assert.ok((await list("1.51")).every(({ Containers }) => Number(Containers) >= 0));
    assert.ok((await list("1.43")).every(({ VirtualSize, Size }) => VirtualSize === Size));
    assert.ok((await list("1.44")).every((image) => !("VirtualSize" in image)));
  });

  test("of what the engine says of itself", async () => {
    const info = (version: string) => engine.succeeds("GET", `/v${version}/info`);
    assert.equal((await info("1.49"))["BridgeNfIptables"], false);
    assert.equal((await info("1.50"))["BridgeNfIptables"], undefined);
    assert.deepEqual((await info("1.48"))["RuncCommit"], { ID: "" });
    assert.deepEqual((await info("1.24"))["SecurityOptions"], [
      ...["seccomp", "cgroupns", "virtual-machine"],
    ]);
  });
});

test("the engine keeps its id, and tells a time of Go's form", async () => {
  const { ID } = await engine.succeeds("GET", "/info");
  await engine.endDaemon();
  await engine.startDaemon();
  const again = await engine.succeeds("GET", "/info");
  assert.equal(again["ID"], ID);
  assert.match(requireText(again, "SystemTime"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z$/);
});
