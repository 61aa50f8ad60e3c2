import assert from "node:assert/strict";
import { activationPhotos } from "../../toolkit/fine-tune/activation-photos.ts";
import { heldActivations } from "../../toolkit/fine-tune/activations.ts";
import { frozenGraph } from "../../toolkit/fine-tune/head-stage.ts";
import { networkStage } from "../../toolkit/fine-tune/network-stage.ts";
import { partialCut, tailOf } from "../../toolkit/fine-tune/partial-cut.ts";
import { settle } from "../../toolkit/fine-tune/settings.ts";
import { startStage } from "../../toolkit/fine-tune/stage.ts";
import { graft } from "../../toolkit/fine-tune/student.ts";
import { encodeGraph } from "../../toolkit/train/encode-graph.ts";
import type { Student } from "../../toolkit/fine-tune/student.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { architectures, readArchitecture } from "../passes/architecture-files.ts";
import { directRuntime, runGraph } from "../support/run-graph.ts";

const PHOTOS = 4;

/** What the frozen part makes of pictures. */
async function frozenRows(student: Student, value: string, pictures: TensorData): Promise<TensorData> {
  const session = await directRuntime.load(encodeGraph(frozenGraph(student, value)));
  try {
    const out = await session.run({ feeds: new Map([[student.input, pictures]]), fetch: [value] });
    return out.get(value) ?? assert.fail("the frozen part has its output");
  } finally {
    await session.release();
  }
}

describe("fine-tune/partial-cut", () => {
  for (const { name, sizePx } of architectures.filter(({ style }) => style !== "one")) {
    it(`partialCut() halves ${name}: together they say what the whole does, and the rest learns`, async () => {
      const settings = settle({ mode: "partial", sizePx, batchSize: PHOTOS, epochs: 6, rate: 0.02, seed: 1 }, sizePx);
      const student = graft({ model: readArchitecture(name), name, sha256: "" }, ["a", "b"], settings);
      const where = partialCut(student, settings);
      const shape = [PHOTOS, 3, sizePx, sizePx];
      const pictures: TensorData = { dtype: "float32", shape, data: fillNormal(sizeOf(shape), 3, 1) };
      const cached = await frozenRows(student, where.value, pictures);
      assert.deepEqual(cached.shape, [PHOTOS, ...where.shape]);

      const tail = tailOf(student, where, settings);
      const [whole, part] = [
        await runGraph(student.graph, new Map([[student.input, pictures]])),
        await runGraph(tail.graph, new Map([[where.value, cached]])),
      ].map((out) => out.get(student.logits)?.data as Float32Array);
      for (const [i, y] of (whole ?? []).entries())
        assert.ok(Math.abs(y - (part?.[i] ?? 9)) < 1e-4, `${y}, ${part?.[i]}`);

      const behind = parametersOf(student.graph).filter((w) => tail.graph.constants.has(w));
      assert.ok(behind.length > 2 && where.trainedShare > 0 && where.trainedShare < 1);
      const width = sizeOf(where.shape);
      const rows = Array.from(
        { length: PHOTOS },
        (_, i) => cached.data.slice(i * width, (i + 1) * width) as Float32Array,
      );
      const samples = rows.map((_, i) => ({ path: `${i}`, id: `${i}`, label: i % 2 }));
      const held = heldActivations(samples, where.shape, [rows]);
      const stage = networkStage(tail, settings, activationPhotos(where.value, held, held, settings), 2, {
        whole: student.graph,
      });
      assert.deepEqual(stage.step.parameters, behind);
      const run = await startStage(directRuntime, stage, { threads: 1 });
      const losses: number[] = [];
      for await (const event of run.events) if (event.kind === "step") losses.push(event.loss);
      await run.session.release();
      assert.ok((losses.at(-1) ?? 9) < (losses[0] ?? 0), losses.join());
    });
  }
});
