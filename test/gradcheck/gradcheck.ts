/**
 * Checks gradients by finite differences and prints a line for each: `npm run gradcheck` every operator's rule (the tests of test/operators) and the
 * parameters of bundled and toy models, `npm run gradcheck -- MODEL...` every parameter of the user's own. Exit code 1 where one is wrong.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import Mocha from "mocha";
import { batchNormForm, formsOf } from "../../toolkit/fine-tune/network-stage.ts";
import { settle } from "../../toolkit/fine-tune/settings.ts";
import { graft } from "../../toolkit/fine-tune/student.ts";
import { checkGradients, openModel, parametersOf, randomBatch } from "../../toolkit/node.ts";
import { errorMessage } from "../../toolkit/errors.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";

/** Models that are checked where none is named; of the large one every sixth parameter. */
const MODELS = [
  { model: "bundled", every: 6 },
  { model: fixture("resnet18-width8/bn.onnx"), every: 1 },
  { model: fixture("resnet18-width8/folded.onnx"), every: 1 },
];
const ROWS = 4;
const SIZE_PX = 64;
const CLASSES = 10;

const counts = { ok: 0, wrong: 0, inconclusive: 0 };

function tell(verdict: keyof typeof counts, text: string): void {
  counts[verdict]++;
  console.log(`${verdict.padEnd(12)} ${text}`);
}

/** Runs the tests of each operator's file: they compare its rule with finite differences on many shapes. */
async function checkOperators(): Promise<void> {
  const folder = join(import.meta.dirname, "..", "operators");
  const ending = ".test.ts";
  for (const file of readdirSync(folder).filter((name) => name.endsWith(ending))) {
    const mocha = new Mocha({ reporter: Mocha.reporters.Base, timeout: 60_000 });
    mocha.addFile(join(folder, file));
    await mocha.loadFilesAsync();
    const failures: string[] = [];
    let cases = 0;
    await new Promise<void>((resolve) => {
      mocha
        .run(() => resolve())
        .on("test end", () => cases++)
        .on("fail", (test: { title: string }, error: unknown) =>
          failures.push(`${test.title}: ${errorMessage(error)}`),
        );
    });
    mocha.dispose();
    const name = `operators/${file.slice(0, -ending.length)}`;
    if (failures.length === 0) tell("ok", `${name}: ${cases} cases`);
    else tell("wrong", `${name}: ${failures.length} of ${cases} cases; ${failures[0]?.split("\n")[0]}`);
  }
}

/** Checks the parameters of a model with a new head, in the form in which every layer is trained. */
async function checkModel(model: string, every: number): Promise<void> {
  const source = await openModel(model);
  const settings = settle({ mode: "full", sizePx: SIZE_PX }, SIZE_PX);
  const classes = Array.from({ length: CLASSES }, (_, k) => `class ${k}`);
  const student = graft(source, classes, settings);
  const graph = formsOf(student, batchNormForm(student.graph, settings)).training;
  const parameters = parametersOf(student.graph).filter((_, i) => i % every === 0);
  const batch = randomBatch(student.graph, { rows: ROWS, classes: CLASSES, sizePx: SIZE_PX });
  for await (const check of checkGradients(graph, { runtime: directRuntime, batch, parameters })) {
    const error = `${(100 * check.relativeError).toFixed(2)} % along ${check.direction === "gradient" ? "the gradient" : "a random direction"}`;
    tell(check.verdict, `${basename(model)} ${check.parameter} (${check.operator} "${check.node}"): ${error}`);
  }
}

const named = process.argv.slice(2);
if (named.length === 0) await checkOperators();
for (const { model, every } of named.length > 0 ? named.map((path) => ({ model: path, every: 1 })) : MODELS)
  await checkModel(model, every);
console.log(`${counts.ok} ok, ${counts.wrong} wrong, ${counts.inconclusive} inconclusive`);
process.exitCode = counts.wrong > 0 ? 1 : 0;
