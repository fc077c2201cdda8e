import { DvmError } from "../../base/errors.ts";
import { digestHex } from "../digest.ts";
import { parseReference } from "../reference.ts";
import type { ImageUsers } from "./image-types.ts";

/** What a removal looks at of an image. */
export interface RemovableImage {
  id: string;
  parent: string | undefined;
  /** As docker shows them: `busybox:latest`. */
  references: readonly string[];
  /** `busybox@sha256:…` */
  digests: readonly string[];
}

export interface RemovalRequest {
  image: RemovableImage;
  /** The name or id by which it was asked for. */
  nameOrId: string;
  force: boolean;
  /** Images that it was made of go with it, where nothing else needs them. */
  withParents: boolean;
}

/** What there is around it. */
export interface RemovalWorld {
  images: readonly RemovableImage[];
  /** Ids of containers that need an image. */
  users: (imageId: string) => ImageUsers;
}

/** One thing that a removal does. */
export type RemovalStep =
  | { untag: string; of: string }
  /** `isHeld`: a container that has ended still lies on its disk, which stays until that goes. */
  | { delete: string; isHeld: boolean };

/**
 * What is to be done to remove an image, or one of its names, by Docker's rules: steps in their
 * order; a `conflict` in Docker's words where something stands in the way.
 */
export function planRemoval(request: RemovalRequest, world: RemovalWorld): RemovalStep[] {
  const { image, nameOrId, force } = request;
  const names = [...image.references, ...image.digests];
  const untag = (name: string) => ({ untag: name, of: image.id });
  if (!isIdOf(image, nameOrId)) {
    if (!force && isOneName(names)) requireUnused(request, world);
    const { taken, left } = takeName(names, nameOrId);
    const steps = taken.map(untag);
    if (left.length > 0) return steps;
    return [...steps, ...planDeletion({ ...request, names: [], isQuiet: true }, world)];
  }
  if (!isOneName(names)) return planDeletion({ ...request, names, isQuiet: false }, world);
  const conflict = findConflict({ image, names: [], force }, world);
  if (conflict !== undefined) throw conflict.error;
  const deletion = planDeletion({ ...request, names: [], isQuiet: false }, world);
  return [...names.map(untag), ...deletion];
}

function isIdOf({ id }: RemovableImage, nameOrId: string): boolean {
  return id.startsWith(nameOrId) || digestHex(id).startsWith(nameOrId);
}

/** Whether names are all of one repository, with one tag at most. */
function isOneName(names: readonly string[]): boolean {
  if (names.length <= 1) return names.length === 1;
  const tags = names.filter((name) => !name.includes("@"));
  const repositories = new Set(
    names.filter((name) => name.includes("@")).map((name) => parseReference(name).familiarName),
  );
  const [first = ""] = tags.length > 0 ? tags : names;
  return (
    tags.length <= 1 &&
    repositories.size === 1 &&
    repositories.has(parseReference(first).familiarName)
  );
}

function requireUnused({ image, nameOrId }: RemovalRequest, { users }: RemovalWorld): void {
  const { running, stopped } = users(image.id);
  const user = running ?? stopped;
  if (user === undefined) return;
  throw new DvmError(
    "conflict",
    `conflict: unable to remove repository reference "${nameOrId}" (must force) - container ${short(user)} is using its referenced image ${shortId(image)}`,
  );
}

/** With the last tag of a repository its digests go, too. */
function takeName(names: readonly string[], name: string) {
  const { familiar, familiarName, digest } = parseReference(name);
  const others = names.filter((one) => one !== familiar);
  const ofRepository = others.filter((one) => parseReference(one).familiarName === familiarName);
  const hasTag = ofRepository.some((one) => !one.includes("@"));
  const withIt = digest === undefined && !hasTag ? ofRepository : [];
  return {
    taken: [familiar, ...withIt],
    left: others.filter((one) => !withIt.includes(one)),
  };
}

interface Deletion {
  image: RemovableImage;
  /** Its names that are left. */
  names: readonly string[];
  force: boolean;
  withParents: boolean;
  /** Nobody is told why it stays. */
  isQuiet: boolean;
}

function planDeletion(deletion: Deletion, world: RemovalWorld): RemovalStep[] {
  const { image, names, withParents, isQuiet } = deletion;
  const conflict = findConflict(deletion, world);
  if (conflict !== undefined) {
    const isDangling = names.length === 0 && !hasChildren(image, world);
    if (isQuiet && (!isDangling || conflict.isUsed)) return [];
    throw conflict.error;
  }
  const steps: RemovalStep[] = names.map((name) => ({ untag: name, of: image.id }));
  steps.push({ delete: image.id, isHeld: world.users(image.id).stopped !== undefined });
  const parent = world.images.find(({ id }) => id === image.parent);
  if (!withParents || parent === undefined) return steps;
  const rest = { ...world, images: world.images.filter(({ id }) => id !== image.id) };
  const above = {
    image: parent,
    names: [...parent.references, ...parent.digests],
    ...{ force: false, withParents: true, isQuiet: true },
  };
  return [...steps, ...planDeletion(above, rest)];
}

function findConflict(
  { image, names, force }: Pick<Deletion, "image" | "names" | "force">,
  world: RemovalWorld,
): { error: DvmError; isUsed: boolean } | undefined {
  const conflict = (isHard: boolean, why: string, isUsed = false) => ({
    error: new DvmError(
      "conflict",
      `conflict: unable to delete ${shortId(image)} (${isHard ? "cannot" : "must"} be forced) - image ${why}`,
    ),
    isUsed,
  });
  if (hasChildren(image, world)) return conflict(true, "has dependent child images");
  const { running, stopped } = world.users(image.id);
  if (running !== undefined)
    return conflict(true, `is being used by running container ${short(running)}`, true);
  if (force) return undefined;
  if (names.length > 0) return conflict(false, "is referenced in multiple repositories");
  if (stopped !== undefined)
    return conflict(false, `is being used by stopped container ${short(stopped)}`, true);
  return undefined;
}

function hasChildren({ id }: RemovableImage, { images }: RemovalWorld): boolean {
  return images.some(({ parent }) => parent === id);
}

const shortLength = 12;

function shortId({ id }: RemovableImage): string {
  return short(digestHex(id));
}

function short(id: string): string {
  return id.slice(0, shortLength);
}
