import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { testCache } from "../../support/cache.ts";
import { dockerPrograms } from "../peer/docker-packages.ts";
import type { Installation } from "./client-check.ts";
import { debianPackages } from "./installations.ts";
import { numberIn, pathWith, said } from "./said.ts";

/** Of Debian 12, with those that they depend on and a host may not have. */
const dockerPackages = [
  ...["python3-docker", "python3-requests", "python3-urllib3", "python3-websocket"],
  ...["python3-certifi", "python3-chardet", "python3-charset-normalizer", "python3-idna"],
  ...["python3-packaging", "python3-six"],
];
const composePackages = [
  ...[
    "docker-compose",
    "python3-cached-property",
    "python3-docopt",
    "python3-dockerpty",
    "python3-dotenv",
  ],
  ...["python3-distro", "python3-jsonschema", "python3-texttable", "python3-yaml"],
  ...["python3-pyrsistent", "python3-attr", "python3-distutils", "python3-lib2to3"],
];

/** The command line finds its plug-ins by its configuration. */
export async function composePlugin(): Promise<Installation> {
  const programs = await dockerPrograms();
  const config = join(testCache, "clients/docker-config");
  await mkdir(config, { recursive: true });
  const plugins = join(programs, "usr/libexec/docker/cli-plugins");
  await writeFile(join(config, "config.json"), JSON.stringify({ cliPluginsExtraDirs: [plugins] }));
  return {
    version: numberIn(await said([join(plugins, "docker-compose"), "version"])),
    environment: {
      PATH: pathWith(join(programs, "usr/bin")),
      DOCKER_CONFIG: config,
      COMPOSE_WORDS: "docker compose",
    },
  };
}

export async function composeInPython(): Promise<Installation> {
  const folder = await debianPackages("bookworm", [...composePackages, ...dockerPackages]);
  const environment = debianPython(folder);
  const program = join(folder, "usr/bin/docker-compose");
  const version = await said([program, "version", "--short"], environment);
  return { version, environment: { ...environment, COMPOSE_WORDS: program } };
}

export async function pythonOfDebian(): Promise<Installation> {
  const environment = debianPython(await debianPackages("bookworm", dockerPackages));
  const asked = ["python3", "-c", "import docker; print(docker.__version__)"];
  return { version: await said(asked, environment), environment };
}

/** Debian's own Python, with what was unpacked. */
function debianPython(folder: string): Record<string, string> {
  return {
    PATH: `/usr/bin:${process.env["PATH"] ?? ""}`,
    PYTHONPATH: join(folder, "usr/lib/python3/dist-packages"),
  };
}
