import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Engine } from "../../engine/core.ts";
import {
  createTemplate,
  findTemplate,
  type ListedTemplate,
  listTemplates,
  pruneTemplates,
} from "../../engine/upkeep.ts";
import { parse } from "../query.ts";
import { nameOf } from "./containers.ts";

const createSchema = z.strictObject({
  Kernel: z.string().optional(),
  Accelerator: z.string().default("auto"),
  Memory: z.int().min(0).default(0),
  NanoCpus: z.int().min(0).default(0),
  Network: z.boolean().default(true),
});
const pruneSchema = z.object({ all: z.enum(["0", "1", "true", "false"]).optional() });

/** `/dvm/templates`: the machines that others are cloned of. DVM's own; Docker has no such thing. */
export function templateRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/dvm/templates", async () => (await listTemplates(engine)).map(describe));

  app.post("/dvm/templates", async (request, reply) => {
    const body = parse(createSchema, request.body ?? {}, "template");
    const { key } = await createTemplate(engine, {
      kernel: body.Kernel,
      accelerator: body.Accelerator,
      memoryBytes: body.Memory,
      nanoCpus: body.NanoCpus,
      network: body.Network,
    });
    return reply.status(201).send({ Id: key });
  });

  app.get("/dvm/templates/:name", async (request) =>
    describe(await findTemplate(engine, nameOf(request.params))),
  );

  app.delete("/dvm/templates/:name", async (request, reply) => {
    const { key } = await findTemplate(engine, nameOf(request.params));
    await engine.parts.templates.remove(key);
    return reply.status(204).send();
  });

  app.post("/dvm/templates/prune", async (request) => {
    const { all } = parse(pruneSchema, request.query, "query");
    const removed = await pruneTemplates(engine, all === "1" || all === "true");
    return {
      TemplatesDeleted: removed.map(({ key }) => key),
      SpaceReclaimed: removed.reduce((sum, { diskBytes }) => sum + diskBytes, 0),
    };
  });
}

function describe(template: ListedTemplate) {
  const { shape } = template;
  return {
    Id: template.key,
    Created: template.createdAt,
    LastUsed: template.lastUsedAt,
    TookMs: template.tookMs,
    Size: template.diskBytes,
    Stale: template.isStale,
    Image: shape.image,
    Shape: {
      Driver: shape.driver,
      Vmm: shape.vmm,
      Accelerator: shape.accelerator,
      Kernel: shape.kernel,
      KernelDigest: shape.kernelDigest,
      Initramfs: shape.initramfs,
      Cpus: shape.cpus,
      MemoryMiB: shape.memoryMiB,
      Nics: shape.nics === "" ? 0 : shape.nics.split(",").length,
      NewScratch: shape.newScratch,
      HostBoot: shape.hostBoot,
      TscKhz: shape.tscKhz,
    },
  };
}
