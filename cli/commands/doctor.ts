import { errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import type { Device } from "../../toolkit/runtime/device.ts";
import type { CheckProgress, ModelCheck } from "../../toolkit/fine-tune/diagnosis.ts";
import { atLeast, defineCommand, flagOf, JSON_OPTION } from "../command.ts";
import type { Command, ExitCode } from "../command.ts";
import { DEVICE_OPTION, pickQuietly } from "../device-option.ts";
import { given } from "../given.ts";
import type { Output, Progress } from "../output.ts";

/** One thing of this machine that was looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** The way out, where it failed. */
  readonly hint?: string;
}

const options = {
  head: { type: "string", value: "node", help: "the layer to replace, where it is not found by itself" },
  features: { type: "string", value: "value", help: "the value that the new head reads" },
  size: {
    type: "integer",
    range: atLeast(16),
    value: "px",
    help: "side of the pictures (default: the smallest the model takes, from 64 on)",
  },
  classes: {
    type: "integer",
    range: atLeast(2),
    help: "classes of the new head (default: those of the photos, else 10)",
  },
  mean: { type: "numbers", count: 3, help: "subtracted from red, green, blue in 0..1 (default: the model's)" },
  std: { type: "numbers", count: 3, help: "what they are divided by then" },
  seed: { type: "integer", range: atLeast(0), help: "seed of everything random (default: 0)" },
  threads: { type: "integer", range: atLeast(1), help: "threads of the runtime (default: all cores)" },
  device: DEVICE_OPTION,
  json: JSON_OPTION,
} as const;

export const doctor: Command = defineCommand({
  name: "doctor",
  summary: "Check that everything works on this machine, or that a model can be trained",
  examples: ["doctor", "doctor model.onnx", "doctor model.onnx photos/ --json"],
  positionals: {
    model: { help: "an ONNX file, or the name of a model: checked before anybody trains it", optional: true },
    data: { help: "photos to try it on, a folder for each class (default: made-up pictures)", optional: true },
  },
  options,
  async run({ options: { json: _json, ...chosen }, positionals: { model, data }, out, signal }) {
    if (model !== undefined) return examineModel(model, data, chosen, out, signal);
    const [flag] = Object.keys(given(chosen));
    if (flag !== undefined) {
      throw new ToolkitError("E_USAGE", `Cannot use ${flagOf(flag)} without a model: expected doctor MODEL`, {
        hint: 'see "onnx-graft doctor --help"',
      });
    }
    return examineMachine(out, signal);
  },
});

async function examineMachine(out: Output, signal: AbortSignal): Promise<ExitCode> {
  const { checks } = await import("../doctor-checks.ts");
  const { showDevices } = await import("../doctor-devices.ts");
  const findings: Finding[] = [];
  for (const { name, look, hint } of checks) {
    const finding = await look().then(
      (detail) => ({ name, ok: true, detail }),
      (error: unknown) => ({ name, ok: false, detail: errorMessage(error), hint }),
    );
    findings.push(finding);
    out.data(`${finding.ok ? "ok     " : "FAILED "} ${name}: ${finding.detail}`);
    if (!finding.ok) out.data(`        ${hint}`);
  }
  const ok = findings.every((f) => f.ok);
  // without the CPU there is nothing to hold them against
  const examined = ok ? await showDevices(out, signal) : { devices: [] };
  if (out.wantsJson) out.json({ ok, checks: findings, ...examined });
  out.say(ok ? "everything works" : "something does not work: see FAILED above");
  return ok ? 0 : 1;
}

const STATUS = { ok: "ok     ", warning: "warning", failed: "FAILED " } as const;

interface Chosen {
  readonly head: string | undefined;
  readonly features: string | undefined;
  readonly size: number | undefined;
  readonly classes: number | undefined;
  readonly mean: readonly number[] | undefined;
  readonly std: readonly number[] | undefined;
  readonly seed: number | undefined;
  readonly threads: number | undefined;
  readonly device: Device | undefined;
}

async function examineModel(
  model: string,
  data: string | undefined,
  { size, mean, std, device: asked, ...chosen }: Chosen,
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { cacheFolder, diagnose, openModel } = await import("../../toolkit/node.ts");
  const { photoFetcher } = await import("../photo-fetcher.ts");
  const fetchFile = photoFetcher({ cacheFolder: cacheFolder(), signal });
  const source = await openModel(model, { signal, ...given({ mean, std }) });
  const device = await pickQuietly(asked, { out, signal });
  const checks: ModelCheck[] = [];
  const shown = progressOf(out);
  try {
    const asking = { ...given({ ...chosen, sizePx: size, data }), device, fetchFile, signal };
    for await (const item of diagnose(source, asking)) {
      if (item.kind === "progress") {
        shown.update(item);
        continue;
      }
      shown.stop();
      checks.push(item);
      out.data(`${STATUS[item.status]} ${item.name}: ${item.detail}`);
      if (item.hint !== undefined) out.data(`        ${item.hint}`);
    }
  } finally {
    shown.stop();
  }
  const ok = checks.every((check) => check.status !== "failed");
  if (out.wantsJson)
    out.json({
      ok,
      model: source.name,
      sha256: source.sha256,
      checks: checks.map(({ kind: _kind, ...check }) => check),
    });
  out.say(ok ? "the model can be trained" : "the model cannot be trained as it is: see FAILED above");
  return ok ? 0 : 1;
}

/** A bar for the check that is under way. */
function progressOf(out: Output): { update(item: CheckProgress): void; stop(): void } {
  let bar: Progress | undefined;
  return {
    update({ name, done, total, loss }) {
      bar ??= out.progress({ total, label: name, transient: true });
      bar.update(done, given({ loss }));
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}
