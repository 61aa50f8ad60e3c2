/** A trainer to be killed: `trainer-process FOLDER OPTIONS`, the options as JSON. Every line it says is a JSON value. */
import { createHash } from "node:crypto";
import { existsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import { openRunFolder, recordRun } from "../../toolkit/fine-tune/run-folder.ts";
import { openCheckpoints, writeDurably } from "../../toolkit/train/checkpoint-folder.ts";
import { nodeDisk } from "../../toolkit/train/disk.ts";
import type { Disk } from "../../toolkit/train/disk.ts";
import { crashingDisk, readFault, refusingDisk } from "./faulty-disk.ts";
import { openNaiveCheckpoints } from "./naive-checkpoints.ts";
import { toyJob } from "./toy-job.ts";
import type { TrainerOptions } from "./trainer.ts";

const [path = "", text = "{}"] = process.argv.slice(2);
const options = JSON.parse(text) as TrainerOptions;

/** At once: a process that is killed loses what it has not handed over. */
function say(value: object): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

function disk(): Disk {
  const { crashAt, refuseAt, refuseWith = "EIO" } = options;
  if (crashAt !== undefined) return crashingDisk(nodeDisk, readFault(crashAt));
  if (refuseAt !== undefined) return refusingDisk(nodeDisk, readFault(refuseAt), refuseWith);
  return nodeDisk;
}

async function train(): Promise<void> {
  const resume = existsSync(join(path, "checkpoints"));
  const folder = await openRunFolder(path, { resume });
  say({ kind: "began" });
  const open = options.naive ? openNaiveCheckpoints : openCheckpoints;
  const now = (): number => performance.now();
  const job = toyJob({ checkpoints: await open(folder.checkpoints, disk()), resume, now, ...options.settings });
  const run = fineTune(job);
  const events = !options.isRecorded
    ? run
    : recordRun(run, {
        folder,
        about: { model: "toy", trainImages: 0, validationImages: 0, settings: {}, versions: {} },
        mistakes: { samples: job.dataset.validation, decoder: job.platform.decoder },
        now,
        today: () => new Date(),
      });
  for await (const event of events) {
    if (event.kind === "step") say({ kind: "step", step: event.step, loss: event.loss });
    if (event.kind === "note") say({ kind: "note", text: event.text });
  }
  const { model = new Uint8Array(), evaluation } = await run.result;
  if (!options.isRecorded) await writeDurably(join(path, "model.onnx"), model);
  await folder.release();
  say({ kind: "done", model: createHash("sha256").update(model).digest("hex"), top1: evaluation?.top1 });
}

try {
  await train();
} catch (error) {
  const { code, message } = error as Error & { code?: string };
  writeSync(2, `error[${code ?? "none"}]: ${message}\n`);
  process.exitCode = 1;
}
