// testcontainers, with a reaper; CLIENTS is where it is installed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

process.env.TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE = process.env.DOCKER_HOST.replace("unix://", "");
process.env.RYUK_CONTAINER_IMAGE = "testcontainers/stand-in:reaper";
const { GenericContainer, Wait } = createRequire(`${process.env.CLIENTS}/`)("testcontainers");
const script =
  "mkdir -p /www; echo served >/www/index.html; echo ready to serve; exec httpd -f -p 8080 -h /www";
const container = await new GenericContainer("busybox")
  .withCommand(["sh", "-c", script])
  .withExposedPorts(8080)
  .withEnvironment({ A: "b" })
  .withCopyContentToContainer([{ content: "copied", target: "/copied" }])
  .withWaitStrategy(Wait.forAll([Wait.forLogMessage("ready to serve"), Wait.forListeningPorts()]))
  .withStartupTimeout(100_000)
  .start();
const url = `http://${container.getHost()}:${container.getMappedPort(8080)}/`;
assert.equal(await (await fetch(url)).text(), "served\n");
const { output, exitCode } = await container.exec(["sh", "-c", "echo $A; cat /copied"]);
assert.deepEqual({ output, exitCode }, { output: "b\ncopied", exitCode: 0 });
if (process.argv[2] === "reaped") {
  console.log(container.getId());
  process.exit(0);
}
await container.stop();
process.exit(0);
