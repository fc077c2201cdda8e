import assert from "node:assert/strict";
import { test } from "node:test";
import { asObject } from "../../src/client/json.ts";
import { parseFlags } from "../../src/cli/flags.ts";
import { containerFlags } from "../../src/cli/options/container-flags.ts";
import { createBody } from "../../src/cli/options/create-body.ts";

/* Values as docker's CLI (28) takes and refuses them. */

const surroundings = { environment: {}, cwd: "/work", terminal: undefined };

function body(...argv: string[]) {
  const { flags, positionals } = parseFlags(argv, containerFlags, { stopAtFirstArgument: true });
  return createBody(flags, positionals, surroundings);
}

test("what docker's CLI refuses is refused in its words", () => {
  const refusals: readonly (readonly [flag: string, label: string, value: string, why: string])[] =
    [
      ...["junk", "", "1.2.3.4,5", "01.2.3.4", "fe80::1%eth0", "1.2.3.4/24"].map(
        (value) =>
          ["--dns", "--dns", value, `IP address is not correctly formatted: ${value}`] as const,
      ),
      ...["a b", "", "-x", "a_b", "a..b", "1.2"].map(
        (value) =>
          ["--dns-search", "--dns-search", value, `${value} is not a valid domain`] as const,
      ),
      ["--add-host", "--add-host", "junk", 'bad format for add-host: "junk"'],
      ["--add-host", "--add-host", ":1.2.3.4", 'bad format for add-host: ":1.2.3.4"'],
      ["--add-host", "--add-host", "a:b", 'invalid IP address in add-host: "b"'],
      ["--add-host", "--add-host", "a:", 'invalid IP address in add-host: ""'],
      ["--add-host", "--add-host", "a=b=1.2.3.4", 'invalid IP address in add-host: "b=1.2.3.4"'],
      ["--sysctl", "--sysctl", "junk", "sysctl 'junk' is not allowed"],
      ["--sysctl", "--sysctl", "=1", "sysctl '=1' is not allowed"],
      ["-l", "-l, --label", "=x", "invalid label '=x': empty name"],
      ["-l", "-l, --label", "", "invalid label '': empty name"],
      ["-l", "-l, --label", "a b=1", "label 'a b' contains whitespaces"],
    ];
  for (const [flag, label, value, why] of refusals)
    assert.throws(() => parseFlags([flag, value], containerFlags, {}), {
      message: `invalid argument "${value}" for "${label}" flag: ${why}`,
    });
});

test("what docker's CLI takes is sent as it sends it", async () => {
  const { HostConfig, Labels, WorkingDir } = await body(
    ...["--dns", " 1.2.3.4", "--dns", "::1", "--dns-search", ".", "--dns-search", "a.b-c.d."],
    ...["--add-host", "a:1.2.3.4", "--add-host", "b=[::1]", "--add-host", "c:::2"],
    ...["--add-host", "d=host-gateway", "-l", "x", "-l", "y= z", "-w", "", "image"],
  );
  const { Dns, DnsSearch, ExtraHosts } = asObject(HostConfig);
  assert.deepEqual(Dns, ["1.2.3.4", "::1"]);
  assert.deepEqual(DnsSearch, [".", "a.b-c.d."]);
  assert.deepEqual(ExtraHosts, ["a:1.2.3.4", "b:::1", "c:::2", "d:host-gateway"]);
  assert.deepEqual(Labels, { x: "", y: " z" });
  assert.equal(WorkingDir, "");
});

test("an address to publish on must be one", async () => {
  for (const address of ["junk", "1.2.3", "8080:80"])
    await assert.rejects(body("-p", `${address}:80:80`, "image"), {
      message: `invalid IP address: ${address}`,
    });
});
