// dockerode, through the life of a container; CLIENTS is where it is installed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

const Docker = createRequire(`${process.env.CLIENTS}/`)("dockerode");
const docker = new Docker();
assert.equal((await docker.ping()).toString(), "OK");
await new Promise((resolve, reject) => {
  docker.pull("busybox:latest", (error, stream) => {
    if (error) reject(error);
    else docker.modem.followProgress(stream, (failure) => (failure ? reject(failure) : resolve()));
  });
});
const output = new PassThrough();
const [{ StatusCode }, ran] = await docker.run(
  "busybox",
  ["sh", "-c", "echo hello; exit 3"],
  output,
);
assert.equal(StatusCode, 3);
output.end();
assert.match(await text(output), /hello/);
await ran.remove();
await assert.rejects(docker.getContainer("nosuch").inspect(), { statusCode: 404 });
const container = await docker.createContainer({
  Image: "busybox",
  Cmd: ["cat"],
  OpenStdin: true,
  StdinOnce: true,
  AttachStdin: true,
  Labels: { compat: "dockerode" },
});
try {
  const stream = await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  });
  const said = new PassThrough();
  container.modem.demuxStream(stream, said, said);
  await container.start();
  const exec = await container.exec({
    Cmd: ["echo", "from exec"],
    AttachStdout: true,
    AttachStderr: true,
  });
  const heard = new PassThrough();
  const execStream = await exec.start({ hijack: true, stdin: true });
  container.modem.demuxStream(execStream, heard, heard);
  execStream.on("end", () => heard.end());
  assert.equal(await text(heard), "from exec\n");
  assert.equal((await exec.inspect()).ExitCode, 0);
  assert.equal(
    (await docker.listContainers({ filters: { label: ["compat=dockerode"] } })).length,
    1,
  );
  stream.end("typed\n");
  assert.equal((await container.wait()).StatusCode, 0);
  stream.on("end", () => said.end());
  if (stream.readableEnded) said.end();
  assert.equal(await text(said), "typed\n");
} finally {
  await container.remove({ force: true });
}
process.exit(0);
