import { readFile } from "node:fs/promises";
import { errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import type { FineTuneSettings, SweepSpace } from "../../toolkit/node.ts";
import { flagOf } from "../command.ts";
import { numberIn } from "../option-value.ts";

/** What is swept, and what all trials share. */
export interface ReadSpace {
  readonly space: SweepSpace;
  readonly settings: FineTuneSettings;
}

/** Settings whose options have other names, as in `train`. */
const RENAMED: Readonly<Record<string, string>> = {
  batch: "batchSize",
  size: "sizePx",
  resize: "resizePx",
  warmUp: "warmUpEpochs",
  ema: "averageDecay",
};

/** A range whose ends are so many times apart is taken to be meant on a log scale. */
const DECADE = 10;

/**
 * The space that a file and options make together; options count more. A setting with one value is shared by all trials.
 * @throws E_USAGE naming the option or the file, and what was expected
 */
export async function readSpace(
  file: string | undefined,
  flags: Readonly<Record<string, unknown>>,
): Promise<ReadSpace> {
  const written = file === undefined ? {} : await readFileEntries(file);
  const typed = Object.entries(flags).flatMap(([key, value]) =>
    value === undefined
      ? []
      : // what is no text comes from a config file
        [[settingName(key), typeof value === "string" ? readAxis(key, value) : value] as const],
  );
  const entries = new Map<string, unknown>([
    ...Object.entries(written).map(([key, value]) => [settingName(key), value] as const),
    ...typed,
  ]);
  const fixed = [...entries].flatMap(([name, value]) => (isFixed(value) ? [[name, onlyValue(value)] as const] : []));
  const swept = [...entries].filter(([, value]) => !isFixed(value));
  return {
    space: Object.fromEntries(swept) as SweepSpace,
    settings: Object.fromEntries(fixed) as FineTuneSettings,
  };
}

function settingName(key: string): string {
  return RENAMED[key] ?? key;
}

/** "0.9" is a value, "0,1e-4" are two, "1e-4..1e-1" is a range; ":log" or ":linear" behind it says on which scale. */
export function readAxis(key: string, text: string): unknown {
  if (!text.includes("..")) return oneOrMany(text.split(",").map((part) => valueOf(key, text, part)));
  const [, low, high, scale] = /^(.+?)\.\.(.+?)(?::(log|linear))?$/.exec(text.trim()) ?? [];
  const [from, to] = [numberIn(low ?? ""), numberIn(high ?? "")];
  if (!(from < to)) throw refused(key, text);
  return { from, to, scale: scale ?? (from > 0 && to / from >= DECADE ? "log" : "linear") };
}

function oneOrMany(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : values;
}

function valueOf(key: string, text: string, part: string): string | number | boolean {
  const word = part.trim();
  if (word === "") throw refused(key, text);
  const number = numberIn(word);
  if (Number.isFinite(number)) return number;
  return word === "true" || word === "false" ? word === "true" : word;
}

/** A range or a list of several values is swept; anything else, a choice with options of its own too, is one value. */
function isFixed(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 1;
  return typeof value !== "object" || value === null || "name" in value;
}

function onlyValue(value: unknown): unknown {
  return Array.isArray(value) ? (value[0] as unknown) : value;
}

async function readFileEntries(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const json: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch (error) {
    throw new ToolkitError("E_USAGE", `Cannot read the space "${file}": ${errorMessage(error)}`, { cause: error });
  }
  throw new ToolkitError("E_USAGE", `Cannot read the space "${file}": expected an object with a setting on each line`, {
    hint: 'such as { "rate": { "from": 1e-4, "to": 0.1, "scale": "log" }, "decay": [0, 1e-4], "epochs": 20 }',
  });
}

function refused(key: string, text: string): ToolkitError {
  return new ToolkitError("E_USAGE", `Cannot use ${flagOf(key)} "${text}": expected a value, values, or a range`, {
    hint: "0.9 is a value; 0,1e-4,1e-2 are three; 1e-4..1e-1 is a range, 1e-4..1e-1:linear says on which scale",
  });
}
