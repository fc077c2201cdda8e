import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Engine } from "../../engine/core.ts";
import { defaultTrialMs, fitImage, type ImageFit } from "../../engine/fit.ts";
import { goneSignal } from "../gone-signal.ts";
import { parse } from "../query.ts";
import { parseCreateBody } from "../schemas/create-container.ts";

const longestTrialSeconds = 600;

const fitSchema = z.strictObject({
  Image: z.string(),
  Cmd: z.array(z.string()).optional(),
  Entrypoint: z.array(z.string()).optional(),
  Env: z.array(z.string()).optional(),
  Privileged: z.boolean().default(false),
  Accelerator: z.string().default("auto"),
  /** How long the command may run, in seconds. */
  TimeLimit: z
    .int()
    .min(1)
    .max(longestTrialSeconds)
    .default(defaultTrialMs / 1000),
  /** False: only what can be seen without starting the image. */
  Trial: z.boolean().default(true),
  /** What is remembered of the image is forgotten first. */
  Fresh: z.boolean().default(false),
});

/** `/dvm/kernels/fit`: the smallest kernel that serves an image. DVM's own. */
export function kernelFitRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/dvm/kernels/fit", async (request, reply) => {
    const body = parse(fitSchema, request.body ?? {}, "kernel fit");
    const { Image, Cmd, Entrypoint, Env, Privileged, Accelerator } = body;
    const HostConfig = { Privileged, Dvm: { Accelerator } };
    const create = parseCreateBody({ Image, Cmd, Entrypoint, Env, HostConfig });
    const fit = await fitImage(engine, create, {
      tries: body.Trial,
      fresh: body.Fresh,
      deadlineMs: body.TimeLimit * 1000,
      signal: goneSignal(reply),
    });
    return describe(fit);
  });
}

function describe({ needs, refused, trial, ...fit }: ImageFit) {
  return {
    ImageId: fit.imageId,
    Recipe: fit.recipe ?? "",
    Kernel:
      fit.kernel === undefined
        ? null
        : { Id: fit.kernel.id, Name: fit.kernel.name, Release: fit.kernel.release },
    Needs: needs.map(({ feature, option, reason, source }) => ({
      Feature: feature,
      Option: option ?? "",
      Reason: reason,
      Source: source,
    })),
    Refused: refused.map(({ what, error }) => ({ What: what, Error: error })),
    Program: fit.program === undefined ? null : describeProgram(fit.program),
    Trial:
      trial === undefined ? null : { ExitCode: trial.exitCode ?? null, CutShort: trial.isCutShort },
    Remembered: fit.isRemembered,
  };
}

function describeProgram({ paths, elf }: NonNullable<ImageFit["program"]>) {
  const interpreter = elf?.interpreter ?? "";
  return {
    Paths: paths,
    Static: elf !== undefined && interpreter === "",
    Loader: interpreter,
    Libraries: elf?.libraries ?? [],
  };
}
