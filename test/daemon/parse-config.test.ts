import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSettings } from "../../src/daemon/check-settings.ts";
import { GivenSettings, refuseConflicts } from "../../src/daemon/given-settings.ts";
import { parseConfig } from "../../src/daemon/parse-config.ts";

function read(text: string): GivenSettings {
  const settings = new GivenSettings(parseConfig(text));
  checkSettings(settings);
  return settings;
}

test("what daemon.json says in Docker's words is understood", () => {
  const settings = read(`{
    "debug": true, "hosts": ["fd://", "tcp://127.0.0.1:1"], "log-opts": {"max-size": "1m"},
    "default-shm-size": "128M", "shutdown-timeout": -5,
    "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 20, "Soft": 10}},
    "default-address-pools": [{"base": "10.9.0.0/16", "size": 24}],
    "proxies": {"http-proxy": "http://p:1", "no-proxy": "a"}
  }`);
  assert.equal(settings.boolean("debug"), true);
  assert.deepEqual(settings.list("hosts"), ["fd://", "tcp://127.0.0.1:1"]);
  assert.deepEqual(settings.map("log-opts"), { "max-size": "1m" });
  assert.equal(settings.number("default-shm-size"), 128 * 2 ** 20);
  assert.deepEqual(settings.ulimits("default-ulimits"), [{ Name: "nofile", Soft: 10, Hard: 20 }]);
  assert.deepEqual(settings.pools("default-address-pools"), [{ base: "10.9.0.0/16", size: 24 }]);
  assert.equal(settings.text("http-proxy"), "http://p:1");
  for (const empty of ["", "  \n", "{}", "\uFEFF{}", '{"debug": null}'])
    assert.equal(read(empty).values.size, 0);
});

test("a fault of the file is told in dockerd's words", () => {
  const faults: [string, string][] = [
    [
      '{"foo":1,"bar":2}',
      "the following directives don't match any configuration option: bar, foo",
    ],
    [
      '{"debug":"x"}',
      "invalid JSON: json: cannot unmarshal string into Go struct field Config.debug of type bool",
    ],
    [
      '{"shutdown-timeout":"x"}',
      "invalid JSON: json: cannot unmarshal string into Go struct field Config.shutdown-timeout of type int",
    ],
    ['{"debug":true', "invalid JSON: unexpected end of JSON input"],
    ['{"debug":true}{"a":1}', "invalid JSON: invalid character '{' after top-level value"],
    ['{"debug" true}', "invalid JSON: invalid character 't' after object key"],
    ["{debug:1}", "invalid JSON: invalid character 'd' looking for beginning of object key string"],
    [
      "[]",
      "invalid JSON: json: cannot unmarshal array into Go value of type map[string]interface {}",
    ],
    ['{"default-shm-size":"abc"}', "invalid JSON: invalid size: 'abc'"],
    ['{"log-level":"bogus"}', "invalid logging level: bogus"],
    ['{"log-format":"x"}', "invalid log format: x"],
    ['{"labels":["nokey"]}', "bad attribute format: nokey"],
    ['{"labels":["a=b","a=c"]}', "conflict labels for a=c and a=b"],
    ['{"dns":["x"]}', "invalid IP address: x"],
    ['{"dns-search":["a b"]}', "a b is not a valid domain"],
    ['{"max-concurrent-downloads":-1}', "invalid max concurrent downloads: -1"],
    ['{"hosts":["http://a"]}', "invalid bind address (http://a): unsupported proto 'http'"],
    [
      '{"registry-mirrors":["ftp://x"]}',
      "invalid mirror: unsupported scheme \"ftp\" in \"ftp://x\": must use either 'https://' or 'http://'",
    ],
    ['{"default-runtime":"kata"}', "specified default runtime 'kata' does not exist"],
  ];
  for (const [text, message] of faults) assert.throws(() => read(text), { message }, text);
});

test("what dockerd has and DVM doesn't do is refused by name, unless it asks for what is so", () => {
  assert.throws(() => read('{"bridge":"br0"}'), {
    code: "unsupported",
    message: `cannot use bridge="br0": a machine's network is its own, and not the host's`,
  });
  assert.throws(() => read('{"iptables":true}'), { code: "unsupported" });
  assert.throws(() => read('{"userns-remap":"default"}'), { code: "unsupported" });
  const harmless = '{"iptables":false,"userland-proxy":true,"storage-opts":[],"runtimes":{}}';
  assert.equal(read(harmless).values.size, 0);
});

test("what stands in a flag and in the file is refused, each with both values", () => {
  const flags = new Map<string, string | string[] | boolean>([
    ["debug", true],
    ["hosts", ["unix:///b"]],
  ]);
  assert.throws(() => refuseConflicts(flags, parseConfig('{"hosts":["unix:///a"],"debug":true}')), {
    message:
      "the following directives are specified both as a flag and in the configuration file: " +
      "debug: (from flag: true, from file: true), hosts: (from flag: [unix:///b], from file: [unix:///a])",
  });
});
