import { dirname, join } from "node:path";
import { dockerPrograms } from "../peer/docker-packages.ts";
import type { Client, Installation } from "./client-check.ts";
import { composeInPython, composePlugin, pythonOfDebian } from "./compose-clients.ts";
import { debianPackages, npmPackages, pythonPackages } from "./installations.ts";
import { numberIn, pathWith, said } from "./said.ts";

const cliChecks = {
  "a container's life: run, exec, logs, health, update, cp, commit, stop, rm": ["cli.sh"],
  "images: pull, tag, save, load, import, history, df": ["cli-images.sh"],
  "a context, and the bridge for ssh": ["cli-context.sh"],
  "events of a run": ["events.sh"],
  "a terminal: run -it, exec -it, detach keys": ["terminal.sh"],
};
const composeChecks = {
  "a project on the predefined network: up, ps, logs, exec, restart, down": [
    "compose.sh",
    "bridge",
  ],
  "a project with a network of its own": ["compose.sh", "own"],
};

const skopeoChecks = { "docker-daemon: read and written": ["skopeo.sh"] };

export const allClients: readonly Client[] = [
  { name: "docker CLI of this host", install: hostsCli, checks: cliChecks },
  {
    name: "docker CLI of Debian 12",
    install: async () => cli(join(await debianPackages("bookworm", ["docker.io"]), "usr/bin")),
    checks: cliChecks,
  },
  {
    name: "docker CLI of Debian sid",
    install: async () => cli(join(await dockerPrograms(), "usr/bin")),
    checks: cliChecks,
  },
  { name: "docker compose", install: composePlugin, checks: composeChecks },
  { name: "docker-compose 1", install: composeInPython, checks: composeChecks },
  {
    name: "docker-py",
    install: () => python(["docker==7.2.0"], "docker"),
    checks: { "a container's life": ["docker_client.py"] },
  },
  {
    name: "python3-docker of Debian 12",
    install: pythonOfDebian,
    checks: { "a container's life": ["docker_client.py"] },
  },
  {
    name: "dockerode",
    install: () => npm("dockerode", "5.0.1"),
    checks: { "a container's life": ["dockerode.mjs"] },
  },
  {
    name: "testcontainers for Node",
    install: () => npm("testcontainers", "12.2.0"),
    checks: {
      "a container that serves": ["testcontainers.mjs"],
      "what is left behind is reaped": ["reaper.sh"],
    },
  },
  {
    name: "dev container CLI",
    install: () => npm("@devcontainers/cli", "0.89.0"),
    checks: { "up, and exec": ["devcontainer.sh"] },
  },
  { name: "skopeo of this host", install: hostsSkopeo, checks: skopeoChecks },
  { name: "skopeo of Debian 13", install: skopeo, checks: skopeoChecks },
  {
    name: "Ansible's community.docker",
    install: () => python(["ansible==12.3.0", "docker==7.2.0"], "ansible"),
    checks: { "docker_container: made, unchanged, changed, removed": ["ansible.sh"] },
  },
];

async function hostsCli(): Promise<Installation> {
  return cli(dirname(await said(["sh", "-c", "command -v docker"])));
}

async function cli(folder: string): Promise<Installation> {
  const version = await said([join(folder, "docker"), "--version"]);
  return { version: numberIn(version), environment: { PATH: pathWith(folder) } };
}

async function python(packages: readonly string[], main: string): Promise<Installation> {
  const environment = { PYTHONPATH: await pythonPackages(packages) };
  const script = `from importlib.metadata import version; print(version("${main}"))`;
  return { version: await said(["python3", "-c", script], environment), environment };
}

async function npm(name: string, version: string): Promise<Installation> {
  return { version, environment: { CLIENTS: await npmPackages([`${name}@${version}`]) } };
}

async function hostsSkopeo(): Promise<Installation> {
  const version = numberIn(await said(["skopeo", "--version"]));
  return { version, environment: { SKOPEO: "skopeo" } };
}

/** With the C library that it was built for, which may be newer than the host's. */
async function skopeo(): Promise<Installation> {
  const folder = await debianPackages("trixie", [
    ...["skopeo", "libc6", "libgpgme11t64", "libassuan9", "libgpg-error0", "libsqlite3-0"],
  ]);
  const libraries = join(folder, "usr/lib/x86_64-linux-gnu");
  const words = [
    ...[join(libraries, "ld-linux-x86-64.so.2"), "--library-path", libraries],
    join(folder, "usr/bin/skopeo"),
  ];
  return {
    version: numberIn(await said([...words, "--version"])),
    environment: { SKOPEO: words.join(" ") },
  };
}
