import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags, type Flag } from "../../src/cli/flags.ts";
import { containerFlags } from "../../src/cli/options/container-flags.ts";

const parse = (...argv: string[]) =>
  parseFlags(argv, containerFlags, { stopAtFirstArgument: true });

test("short flags may be joined, the last one with its value", () => {
  const { flags, positionals } = parse("-itv", "/a:/b", "-eA=1", "-e=B=2", "busybox");
  assert.equal(flags.boolean("interactive"), true);
  assert.equal(flags.boolean("tty"), true);
  assert.deepEqual(flags.list("volume"), ["/a:/b"]);
  assert.deepEqual(flags.list("env"), ["A=1", "B=2"]);
  assert.deepEqual(positionals, ["busybox"]);
});

test("all after the image is the container's command, flags and -- too", () => {
  assert.deepEqual(parse("--rm", "busybox", "ls", "-l", "--", "--rm").positionals, [
    ...["busybox", "ls", "-l", "--", "--rm"],
  ]);
  assert.deepEqual(parse("--rm", "--", "busybox", "--tty").positionals, ["busybox", "--tty"]);
});

test("a boolean takes a value by = only, and the last one counts", () => {
  assert.equal(parse("--rm=false", "x").flags.boolean("rm"), false);
  assert.equal(parse("--rm", "--rm=0", "x").flags.boolean("rm"), false);
  assert.deepEqual(parse("--rm", "true", "x").positionals, ["true", "x"]);
  assert.equal(parse("x").flags.boolean("init", true), true);
});

test("docker's other spelling of a flag is the same flag", () => {
  assert.equal(parse("--net", "none", "x").flags.text("network"), "none");
});

test("what is wrong is said in docker's words", () => {
  assert.throws(() => parse("--nope", "x"), { message: "unknown flag: --nope" });
  assert.throws(() => parse("-Z", "x"), { message: "unknown shorthand flag: 'Z' in -Z" });
  assert.throws(() => parse("--name"), { message: "flag needs an argument: --name" });
  assert.throws(() => parse("--rm=maybe", "x"), { message: /invalid argument "maybe" for "--rm"/ });
  assert.throws(() => parse("-m", "lots", "x"), {
    message: `invalid argument "lots" for "-m, --memory" flag: invalid size: 'lots'`,
  });
});

test("every flag of run has its own name, short letter and summary", () => {
  const names = containerFlags.flatMap(({ name, aliases = [] }: Flag) => [name, ...aliases]);
  const letters = containerFlags.flatMap(({ short }) => short ?? []);
  assert.equal(new Set(names).size, names.length);
  assert.equal(new Set(letters).size, letters.length);
  assert.ok(containerFlags.every(({ summary }) => summary !== ""));
});
