import assert from "node:assert/strict";
import { test } from "node:test";
import { parseListenAddress } from "../../src/daemon/listen-address.ts";
import { activatedDescriptors } from "../../src/daemon/systemd.ts";
import { serviceUnit, socketUnit } from "../../src/daemon/systemd-units.ts";

test("addresses to listen at are read as dockerd reads them", () => {
  const parse = (text: string, tls = false) =>
    parseListenAddress(text, { tls, socketPath: "/run/own.sock" });
  assert.deepEqual(parse("unix:///a/b"), { kind: "unix", path: "/a/b" });
  assert.deepEqual(parse("unix://"), { kind: "unix", path: "/run/own.sock" });
  assert.deepEqual(parse(""), { kind: "unix", path: "/run/own.sock" });
  assert.deepEqual(parse("tcp://"), { kind: "tcp", host: "127.0.0.1", port: 2375 });
  assert.deepEqual(parse("tcp://", true), { kind: "tcp", host: "127.0.0.1", port: 2376 });
  assert.deepEqual(parse(":99"), { kind: "tcp", host: "127.0.0.1", port: 99 });
  assert.deepEqual(parse("tcp://[::1]:99"), { kind: "tcp", host: "::1", port: 99 });
  assert.deepEqual(parse("fd://"), { kind: "fd", descriptor: undefined });
  assert.deepEqual(parse("fd://4"), { kind: "fd", descriptor: 4 });
  assert.throws(() => parse("tcp://a:b"), { message: /^invalid bind address \(tcp:\/\/a:b\)/ });
  assert.throws(() => parse("tcp://a:1/x"), { message: /should not contain a path element/ });
  assert.throws(() => parse("fd://x"), { message: /should be a number: x/ });
});

test("sockets of systemd's are taken when they are this process's or its parent's", () => {
  const given = { LISTEN_FDS: "2", LISTEN_PID: "7" };
  assert.deepEqual(activatedDescriptors(given, { pid: 7, ppid: 1 }), [3, 4]);
  assert.deepEqual(activatedDescriptors(given, { pid: 8, ppid: 7 }), [3, 4]);
  assert.deepEqual(activatedDescriptors(given, { pid: 8, ppid: 9 }), []);
  assert.deepEqual(activatedDescriptors({}, { pid: 7, ppid: 1 }), []);
});

test("units start the daemon by its socket, and leave machines alone when it ends", () => {
  const wish = {
    forUser: false,
    program: "/opt/my dvm/dvm",
    words: ["--data-root", "/var/lib/d%d"],
    socketPath: "/run/dvm/dvm.sock",
    group: "docker",
  };
  const service = serviceUnit(wish);
  assert.match(
    service,
    /^ExecStart="\/opt\/my dvm\/dvm" --data-root \/var\/lib\/d%%d daemon --host fd:\/\/$/m,
  );
  assert.match(service, /^Type=notify$/m);
  assert.match(service, /^KillMode=process$/m);
  assert.match(service, /^WantedBy=multi-user.target$/m);
  assert.match(socketUnit(wish), /^SocketGroup=docker$/m);
  assert.match(socketUnit({ ...wish, forUser: true }), /^SocketMode=0600$/m);
  assert.match(serviceUnit({ ...wish, forUser: true }), /^WantedBy=default.target$/m);
});
