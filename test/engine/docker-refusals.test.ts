import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { asObject, asObjects } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

/* What dockerd 20.10 answers to the same bodies, in the words of 28 where they differ. */

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

type Fragment = Record<string, unknown>;

async function create(more: Fragment) {
  const body = { Image: testImage, Cmd: ["true"], ...more };
  return engine.api("POST", "/containers/create", body);
}

/** Created and started; the container goes. */
async function start(more: Fragment) {
  const created = await create(more);
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const path = `/containers/${String(created.body["Id"])}`;
  const { status, body } = await engine.api("POST", `${path}/start`);
  const { HostConfig, State } = await engine.succeeds("GET", `${path}/json`);
  const ports = asObject((await engine.succeeds("GET", `${path}/json`))["NetworkSettings"])[
    "Ports"
  ];
  await engine.succeeds("DELETE", `${path}?force=1&v=1`);
  const message = body["message"];
  return { status, message, exitCode: asObject(State)["ExitCode"], HostConfig, ports };
}

const host = (HostConfig: Fragment): Fragment => ({ HostConfig });

suite("refused when it is created", () => {
  const badBind = (spec: string, why?: string) => {
    const message = `invalid volume specification: '${spec}'`;
    return [
      host({ Binds: [spec] }),
      500,
      why === undefined ? message : `${message}: ${why}`,
    ] as const;
  };
  const badMode = (spec: string, modes: string) =>
    [host({ Binds: [spec] }), 500, `invalid mode: ${modes}`] as const;
  const config = (type: string) => `invalid mount config for type "${type}"`;
  const relative = (path: string) => `invalid mount path: '${path}' mount path must be absolute`;
  const root = "invalid specification: destination can't be '/'";
  const cases: readonly (readonly [more: Fragment, status: number, message: string])[] = [
    [host({ ExtraHosts: ["junk"] }), 400, 'bad format for add-host: "junk"'],
    [host({ ExtraHosts: [":1.2.3.4"] }), 400, 'bad format for add-host: ":1.2.3.4"'],
    [host({ ExtraHosts: ["a=1.2.3.4"] }), 400, 'bad format for add-host: "a=1.2.3.4"'],
    [host({ ExtraHosts: ["a:b"] }), 400, 'invalid IP address in add-host: "b"'],
    [host({ ExtraHosts: ["a:"] }), 400, 'invalid IP address in add-host: ""'],
    [host({ ExtraHosts: ["a:[::1]"] }), 400, 'invalid IP address in add-host: "[::1]"'],
    [{ StopSignal: "NONE" }, 400, "invalid signal: NONE"],
    [{ StopSignal: "RTMIN+16" }, 400, "invalid signal: RTMIN+16"],
    [{ StopSignal: "0" }, 400, "invalid signal: 0"],
    [host({ Tmpfs: { x: "" } }), 400, relative("x")],
    [host({ Tmpfs: { "/": "" } }), 400, root],
    badBind(""),
    badBind(":/x"),
    badBind("/a:"),
    badBind("/x:ro"),
    badBind("/tmp:/x:ro:rw"),
    badBind("junk", `${config("volume")}: ${relative("junk")}`),
    badBind("ab:c", `${config("volume")}: ${relative("c")}`),
    badBind("/tmp:b", `${config("bind")}: ${relative("b")}`),
    badBind("/tmp:/", `${config("bind")}: ${root}`),
    badBind("/tmp:/x:nocopy", `${config("bind")}: field VolumeOptions must not be specified`),
    badBind("vv:/x:rprivate", `${config("volume")}: field BindOptions must not be specified`),
    badMode("/tmp:/x:junk", "junk"),
    badMode("/tmp:/x:RO", "RO"),
    badMode("/tmp:/x:ro,rw", "ro,rw"),
    badMode("/tmp:/x:z,Z", "z,Z"),
    badMode("/tmp:/x:ro,", "ro,"),
    [
      host({ Binds: ["v:/x"] }),
      400,
      "create v: volume name is too short, names should be at least two alphanumeric characters",
    ],
    [
      host({ Mounts: [{ Type: "volume", Target: "x" }] }),
      400,
      `${config("volume")}: ${relative("x")}`,
    ],
    [host({ Mounts: [{ Type: "volume", Target: "/" }] }), 400, `${config("volume")}: ${root}`],
    [
      host({ Mounts: [{ Type: "bind", Source: "x", Target: "/x" }] }),
      400,
      `${config("bind")}: ${relative("x")}`,
    ],
    [host({ SecurityOpt: ["junk"] }), 500, 'invalid --security-opt 1: "junk"'],
    [host({ SecurityOpt: ["a=b"] }), 500, 'invalid --security-opt 2: "a=b"'],
    [
      host({ SecurityOpt: ["no-new-privileges:x"] }),
      500,
      'invalid --security-opt 2: "no-new-privileges:x"',
    ],
    [
      host({ PortBindings: { "80/tcp": [{ HostPort: "90-80" }] } }),
      400,
      'invalid port specification: "90-80"',
    ],
    [host({ Memory: 6 * 2 ** 20 - 1 }), 400, "Minimum memory limit allowed is 6MB"],
    [
      { WorkingDir: "rel" },
      400,
      "the working directory 'rel' is invalid, it needs to be an absolute path",
    ],
    [{ Env: ["=x"] }, 400, "invalid environment variable: =x"],
  ];
  for (const [more, status, message] of cases)
    test(`${JSON.stringify(more)}: ${message}`, async () => {
      const answer = await create(more);
      assert.deepEqual([answer.status, answer.body], [status, { message }]);
    });

  test("an image that no name can be is a bad request, and is no image that isn't there", async () => {
    for (const Image of ["Upper", "a b", "x@sha256:1", "x:", ":x", "-x", "http://x"]) {
      const { status, body } = await create({ Image });
      assert.equal(status, 400, Image);
      assert.match(String(body["message"]), /^invalid reference format/);
    }
    for (const path of ["Upper/json", "a%20b/json", "Upper/history"])
      assert.equal((await engine.api("GET", `/images/${path}`)).status, 400, path);
    for (const Image of ["nope", "a".repeat(64), `sha256:${"a".repeat(64)}`])
      assert.equal((await create({ Image })).status, 404, Image);
  });
});

suite("taken when it is created, and refused at the start", () => {
  const limit = (Name: string, Soft: number, Hard: number) =>
    host({ Ulimits: [{ Name, Soft, Hard }] });
  for (const [more, message] of [
    [limit("junk", 1, 1), /RLIMIT_JUNK/],
    [limit("", 1, 1), /RLIMIT_$/],
    [limit("nofile", 10, 5), /soft limit must be less than or equal to hard limit/],
    [limit("nofile", -1, 5), /soft limit must be less than or equal to hard limit/],
    [host({ Tmpfs: { "/x": "junk" } }), /^invalid tmpfs option \["junk"\]$/],
    [host({ Tmpfs: { "/x": "size" } }), /^invalid tmpfs option \["size"\]$/],
    [host({ Tmpfs: { "/x": "rw,huge=never" } }), /^invalid tmpfs option \["huge" "never"\]$/],
  ] as const)
    test(JSON.stringify(more), async () => {
      const { status, message: said, exitCode } = await start(more);
      assert.deepEqual([status, exitCode], [500, 128]);
      assert.match(String(said), message);
    });
});

suite("taken, as dockerd takes it", () => {
  const bindings = (HostPort: string, port = "80/tcp") => ({
    ExposedPorts: { [port]: {} },
    ...host({ PortBindings: { [port]: [{ HostPort }] } }),
  });
  const bodies: readonly Fragment[] = [
    host({ ExtraHosts: ["a:1.2.3.4", "b:::1", "c:host-gateway"] }),
    ...["SIGCLD", "cld", "RTMAX-14", "65", "-1"].map((StopSignal) => ({ StopSignal })),
    host({ Ulimits: [{ Name: "NOFILE", Soft: 1024, Hard: 1024 }] }),
    host({ Ulimits: [{ Name: "nofile", Soft: 5, Hard: -1 }] }),
    host({ Tmpfs: { "/x": "ro,size=1m,mode=1777,uid=5,noatime,exec", "/y/../z": "" } }),
    host({ Binds: ["/tmp:/x:ro,cached,Z,rprivate", "/tmp/../tmp:/y/../z:", "vv:/v:z"] }),
    host({ PidsLimit: -1 }),
    host({ PidsLimit: 0 }),
    bindings("0", "80/TCP"),
    bindings("0", "80"),
    { Labels: { a: null }, Env: ["A", "A B=1", "1=2"] },
    { Labels: { "": "x", a: "" } },
  ];
  for (const more of bodies)
    test(JSON.stringify(more), async () => {
      const { status, message } = await start(more);
      assert.deepEqual([status, message], [204, undefined]);
    });

  test("a range of host's ports, of which the first that is free is taken", async () => {
    await using server = createServer();
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
    const address = server.address();
    const taken = typeof address === "object" ? (address?.port ?? 0) : 0;
    const { status, ports } = await start(bindings(`${taken}-${taken + 5}`));
    assert.equal(status, 204);
    const [bound] = asObjects(asObject(ports)["80/tcp"]);
    assert.ok(Number(bound?.["HostPort"]) > taken && Number(bound?.["HostPort"]) <= taken + 5);
    const { status: full, message } = await start(bindings(`${taken}-${taken}`));
    assert.equal(full, 500);
    assert.match(
      String(message),
      /: failed to bind host port for 0\.0\.0\.0:\d+:[\d.]+:80\/tcp: address already in use$/,
    );
  });
});

test("a body of JSON ends with its line", async () => {
  for (const path of ["/version", "/containers/json", "/containers/absent/json"]) {
    const answer = await fetchText(path);
    assert.match(answer.text, /^[{[].*\n$/s, path);
    assert.equal(answer.length, Buffer.byteLength(answer.text), path);
  }
});

async function fetchText(path: string): Promise<{ text: string; length: number }> {
  const { request } = await import("node:http");
  const asked = request({ socketPath: engine.socketPath, path });
  asked.end();
  const [answer] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  const parts: string[] = [];
  for await (const part of answer.setEncoding("utf8")) parts.push(String(part));
  return { text: parts.join(""), length: Number(answer.headers["content-length"]) };
}
