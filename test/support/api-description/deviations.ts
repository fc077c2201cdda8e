/** Where answers are not as Docker's description has them, and why that is so. */
interface Deviation {
  /** As `GET /info`. */
  route: RegExp;
  /** Of the fields that it is about. */
  field: RegExp;
  why: string;
}

export const deviations: readonly Deviation[] = [
  {
    route: /./,
    field: /\/Dvm$/,
    why: "DVM's own: the machine of a container, what trust says of an image, templates",
  },
  {
    route: /^GET \/containers\/\{id\}\/stats$/,
    field: /^\/dvm_host_memory$/,
    why: "DVM's own: what the machine costs the host",
  },
  {
    route: /^GET \/containers\/\{id\}\/json$/,
    field: /^\/HostConfig\/MemorySwappiness$/,
    why: "null where none was asked for, as dockerd answers; its description has it as a number",
  },
  {
    route: /^GET \/containers\/\{id\}\/json$/,
    field: /^\/(ExecIDs|HostConfig\/(Isolation|PidsLimit|RestartPolicy\/Name))$/,
    why: "as dockerd answers: null, empty and `no`, which descriptions of before 1.46 don't have",
  },
  {
    route: /^GET \/containers\/\{id\}\/json$/,
    field: /^\/NetworkSettings\/Ports$/,
    why: "as dockerd answers: an object; descriptions of before 1.32 have a list",
  },
  {
    route: /^GET \/containers\/json$/,
    field: /^\/\d+\/Ports\/\d+\/Type$/,
    why: "`0` of a protocol that there isn't, as dockerd answers",
  },
  {
    route: /^GET \/exec\/\{id\}\/json$/,
    field: /^\/ExitCode$/,
    why: "null until the program has ended, as dockerd answers; its description has a number only",
  },
  {
    route: /^GET \/info$/,
    field: /^\/Isolation$/,
    why: "empty where there is none to choose, as dockerd of Linux answers",
  },
  {
    route: /^GET \/system\/df$/,
    field: /^\/Containers\/\d+$/,
    why: "as dockerd answers: a list; descriptions of before 1.40 have a list of lists",
  },
  {
    route: /^GET \/images\/\{name\}\/json$/,
    field: /^$/,
    why: "the container of an image, which descriptions of before 1.39 ask for, is told where an image has one, as by dockerd",
  },
];

export function isExplained(route: string, field: string): boolean {
  return deviations.some((one) => one.route.test(route) && one.field.test(field));
}
