import { z } from "zod";
import { goNamed } from "../../../base/go-schema.ts";
import { flag, list, map, string } from "../../../base/json-fields.ts";

/** Left out where it wasn't given, as Docker shows it. */
function given<T extends z.ZodType>(item: T) {
  return item
    .nullish()
    .transform((value) => value ?? undefined)
    .optional();
}

const text = given(z.string());
const choice = given(z.boolean());
const texts = given(z.record(z.string(), string));

const mount = z.object({
  Type: goNamed("mount.Type", string),
  Source: string,
  Target: string,
  ReadOnly: flag,
  Consistency: text,
  BindOptions: given(
    z.object({
      Propagation: text,
      NonRecursive: choice,
      CreateMountpoint: choice,
      ReadOnlyNonRecursive: choice,
      ReadOnlyForceRecursive: choice,
    }),
  ),
  VolumeOptions: given(
    z.object({
      NoCopy: choice,
      Labels: texts,
      Subpath: text,
      DriverConfig: given(z.object({ Name: text, Options: texts })),
    }),
  ),
  ImageOptions: given(z.object({ Subpath: text })),
  ClusterOptions: given(z.object({})),
  TmpfsOptions: given(
    z.object({
      SizeBytes: given(z.number()),
      Mode: given(z.number()),
      Options: given(z.array(z.array(string))),
    }),
  ),
});

export const mountFields = {
  Binds: list(string),
  Mounts: list(goNamed("mount.Mount", mount)),
  Tmpfs: map(string),
  VolumeDriver: string,
  VolumesFrom: list(string),
  ReadonlyRootfs: flag,
  StorageOpt: map(string),
};
