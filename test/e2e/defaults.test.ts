import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
const debian = "dvm-fixture:debian";
let daemon: TestDaemon;

before(async () => {
  const images = ["small.docker-save.tar", "debian.docker.tar"];
  daemon = await TestDaemon.start({ images, settings: { DVM_POOL: "0" } });
});
after(() => daemon?.[Symbol.asyncDispose]());

const run = (flags: string[], ...command: string[]) =>
  daemon.succeeds(["run", "--rm", ...flags, ...command]);

/** Docker's, of a host of 128 GiB that systemd has started; soft and hard. */
const limits = {
  "core file size": "unlimited unlimited",
  processes: "unlimited unlimited",
  "open files": "1048576 1048576",
  "locked memory": "8388608 8388608",
  "pending signals": "524288 524288",
  "stack size": "8388608 unlimited",
  "msgqueue size": "819200 819200",
  "address space": "unlimited unlimited",
};

const settings = {
  "kernel.threads-max": "1048576",
  "kernel.pid_max": "4194304",
  "kernel.shmmax": "18446744073692774399",
  "kernel.shmall": "18446744073692774399",
  "kernel.shmmni": "4096",
  "kernel.msgmax": "8192",
  "kernel.msgmnb": "16384",
  "kernel.sem": "32000 1024000000 500 32000",
  "kernel.keys.maxkeys": "200",
  "vm.max_map_count": "1048576",
  "vm.overcommit_memory": "0",
  "fs.inotify.max_user_watches": "1048576",
  "fs.inotify.max_user_instances": "8192",
  "fs.inotify.max_queued_events": "16384",
  "fs.file-max": "9223372036854775807",
  "fs.nr_open": "1048576",
  "fs.aio-max-nr": "1048576",
  "net.core.somaxconn": "4096",
  "net.core.rmem_max": "4194304",
  "net.ipv4.tcp_max_syn_backlog": "4096",
  "net.ipv4.tcp_rmem": "4096 131072 6291456",
  "net.ipv4.ip_local_port_range": "32768 60999",
  "net.ipv4.ip_unprivileged_port_start": "0",
  "net.ipv4.ping_group_range": "0 2147483647",
  "user.max_user_namespaces": "524288",
};

/** Prints what `limits` and `settings` tell, in their order. */
const tell =
  Object.keys(limits)
    .map(
      (name) => `sed -n 's/^Max ${name} *\\([^ ]*\\) *\\([^ ]*\\).*/\\1 \\2/p' /proc/self/limits`,
    )
    .join("; ") +
  Object.keys(settings)
    .map((name) => `; sed 's/\\t\\+/ /g' /proc/sys/${name.replaceAll(".", "/")}`)
    .join("");
const told = [...Object.values(limits), ...Object.values(settings)];

test("a container has the limits of a large host, however small its machine is", async () => {
  await daemon.succeeds(["run", "-d", "--name", "limits", "-m", "64m", image, "sleep 600"]);
  const first = await run(["-u", "1000", "-m", "64m"], image, tell);
  assert.deepEqual(first.trimEnd().split("\n"), told);
  const further = await daemon.succeeds(["exec", "limits", "sh", "-c", tell]);
  assert.deepEqual(further.trimEnd().split("\n"), told);
  await daemon.succeeds(["rm", "-f", "limits"]);
});

test("what is asked for by name counts more than what containers have unasked", async () => {
  const asked = [
    ...["--sysctl", "net.ipv4.ip_unprivileged_port_start=1024"],
    ...["--sysctl", "net.ipv4.ping_group_range=1 0", "--sysctl", "net.core.somaxconn=77"],
    ...["--sysctl", "kernel.shmmax=1000000", "--sysctl", "fs.mqueue.msg_max=20"],
    ...["--ulimit", "nofile=100:200", "--ulimit", "core=0", "--ulimit", "nproc=50"],
  ];
  const line =
    "cd /proc/sys/net; sed 's/\\t/ /' ipv4/ip_unprivileged_port_start ipv4/ping_group_range " +
    "core/somaxconn ../kernel/shmmax ../fs/mqueue/msg_max; ulimit -n; ulimit -Hn; ulimit -c; " +
    "sed -n 's/^Max processes *//p' /proc/self/limits; nc -l -p 80 2>&1";
  const result = await daemon.dvm(["run", "--rm", "-u", "1000", ...asked, image, line]);
  assert.deepEqual(result.stdout.trimEnd().split(/ *\n/), [
    ...["1024", "1 0", "77", "1000000", "20", "100", "200", "0"],
    ...["50                   50                   processes", "nc: bind: Permission denied"],
  ]);
  const more = await daemon.dvm(["run", "--rm", "--ulimit", "nofile=2000000", image, "true"]);
  assert.equal(more.code, 125);
  assert.match(more.stderr, /operation not permitted/);
});

/** Listens on port 80, and sends an echo request to each address that it is given. */
const pings = `
import socket, sys
socket.socket().bind(("", 80))
socket.create_server(("", 443), backlog=4096)
for address in sys.argv[1:]:
  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP); s.settimeout(20)
  s.sendto(b"\\x08\\0\\0\\0\\0\\0\\0\\1dvm", (address, 0))
  answer = s.recv(100); print(address, answer[0], answer[8:].decode())
`;

test("an ordinary user listens on port 80 and pings, without any capability", async () => {
  const flags = ["-u", "12345:54321", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  const addresses = ["127.0.0.1", "172.17.0.1"];
  const printed = await run(flags, debian, "python3", "-c", pings, ...addresses);
  assert.equal(printed, addresses.map((address) => `${address} 0 dvm\n`).join(""));
  const alone = await run(
    [...flags, "--network", "none"],
    ...[debian, "python3", "-c", pings, "127.0.0.1"],
  );
  assert.equal(alone, "127.0.0.1 0 dvm\n");
});

/** What has been found too small: by the old limits each of these fails. */
const needs = `
import ctypes, mmap, os, socket, threading
files = [os.open("/dev/null", os.O_RDONLY) for _ in range(20000)]; print("files")
libc = ctypes.CDLL(None, use_errno=True)
watchers = [libc.inotify_init() for _ in range(300)]; assert min(watchers) >= 0; print("watchers")
os.makedirs("/dev/shm/w"); 
for n in range(12000):
  name = b"/dev/shm/w/%d" % n; os.close(os.open(name, os.O_CREAT))
  assert libc.inotify_add_watch(watchers[0], name, 2) >= 0, n
print("watches")
size = 70000 * 2 * 4096; libc.mmap.restype = ctypes.c_void_p
at = libc.mmap(None, ctypes.c_size_t(size), 0, 0x4022, -1, ctypes.c_long(0)); assert at
for n in range(70000):
  assert libc.mprotect(ctypes.c_void_p(at + n * 8192), ctypes.c_size_t(4096), 1) == 0, n
print("maps")
threading.stack_size(65536); wait = threading.Event()
threads = [threading.Thread(target=wait.wait) for _ in range(1500)]
for thread in threads: thread.start()
wait.set(); [thread.join() for thread in threads]; print("threads")
`;

test("programs open, watch, map and start by the thousands in a machine of 256 MiB", async () => {
  const flags = ["-u", "1000", "-m", "256m"];
  const printed = await run(flags, debian, "python3", "-c", needs);
  assert.equal(printed, "files\nwatchers\nwatches\nmaps\nthreads\n");
});
