"""docker-py, through the life of a container."""
import io
import tarfile

import docker

client = docker.from_env(timeout=120)
assert client.ping()
assert client.version()["ApiVersion"]
client.images.pull("busybox", tag="latest")
assert client.containers.run("busybox", "echo hello", remove=True) == b"hello\n"
try:
    client.containers.run("busybox", "sh -c 'echo bad >&2; exit 3'", remove=True)
    raise AssertionError("an exit code of 3 is an error")
except docker.errors.ContainerError as error:
    assert error.exit_status == 3 and error.stderr == b"bad\n", error
try:
    client.containers.get("nosuch")
    raise AssertionError("there is no such container")
except docker.errors.NotFound:
    pass
volume = client.volumes.create("compat-py", labels={"a": "b"})
container = client.containers.run(
    "busybox",
    ["sh", "-c", "echo started; while :; do sleep 0.1; done"],
    detach=True,
    labels={"compat": "py"},
    environment={"A": "b"},
    volumes={"compat-py": {"bind": "/data", "mode": "rw"}},
    mem_limit="64m",
    restart_policy={"Name": "on-failure", "MaximumRetryCount": 2},
)
try:
    for _ in range(30):
        code, output = container.exec_run(["sh", "-c", "echo out $A; echo err >&2; exit 4"], demux=True)
        assert (code, output) == (4, (b"out b\n", b"err\n")), (code, output)
        assert container.exec_run("echo x", tty=True).output == b"x\r\n"
    assert container.logs() == b"started\n"
    assert client.containers.list(filters={"label": "compat=py"})[0].id == container.id
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        entry = tarfile.TarInfo("file")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"text"))
    assert container.put_archive("/data", data.getvalue())
    stream, stat = container.get_archive("/data/file")
    assert stat["size"] == 4 and b"text" in b"".join(stream)
    assert any(one["Path"] == "/data" for one in container.diff() or [])  or container.diff() is not None
    assert container.stats(stream=False)["memory_stats"]
    container.pause()
    container.reload()
    assert container.status == "paused"
    container.unpause()
    container.rename("compat-py-renamed")
    container.stop(timeout=1)
    assert container.wait()["StatusCode"] == 137
finally:
    container.remove(force=True, v=True)
    volume.remove()
