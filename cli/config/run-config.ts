import { augmentationText } from "./augmentation-text.ts";

type Values = Readonly<Record<string, unknown>>;

/** Settings of a run whose options have other names, or say it in other words. Of the others both are the same. */
const OPTIONS_OF: Readonly<Record<string, (value: unknown) => Values>> = {
  batchSize: (batch) => ({ batch }),
  sizePx: (size) => ({ size }),
  resizePx: (resize) => ({ resize }),
  warmUpEpochs: (warmUp) => ({ warmUp }),
  averageDecay: (ema) => ({ ema }),
  cacheMemoryBytes: (bytes) => ({ cacheMemory: Number(bytes) / 1e9 }),
  cacheDiskBytes: (bytes) => ({ cacheDisk: Number(bytes) / 1e9 }),
  timeLimitSeconds: (seconds) => ({ timeLimit: `${String(seconds)}s` }),
  mean: (text) => ({ mean: numbersIn(text) }),
  std: (text) => ({ std: numbersIn(text) }),
  augmentation: (settings) => present({ augmentation: augmentationText(objectIn(settings)) }),
  mix(settings) {
    const { mixupAlpha: mixup, cutmixAlpha: cutmix, ...others } = objectIn(settings);
    return present({ mixup, cutmix, ...others });
  },
};

/** What a run writes down that no option says. */
const LEFT_OUT: ReadonlySet<string> = new Set(["checkpointEvery", "versions", "formulations", "foundRates", "heads"]);

/** Whether this is the config.json of a run folder. */
export function isRunConfig(config: Values): boolean {
  const { versions } = config;
  return typeof versions === "object" && versions !== null && "onnx-graft" in versions;
}

/** The options of `train` that the config.json of a run stands for. */
export function optionsOfRun(config: Values): Values {
  const { headOptimizer, optimizer, ...others } = config;
  // a run that trains the head alone has no use for the optimizer of all layers
  const used = present({ ...others, optimizer: config["mode"] === "frozen" ? headOptimizer : optimizer });
  const parts = Object.entries(used).map(([key, value]): Values => {
    if (LEFT_OUT.has(key)) return {};
    return Object.hasOwn(OPTIONS_OF, key) ? (OPTIONS_OF[key]?.(value) ?? {}) : { [key]: value };
  });
  return Object.assign({}, ...parts) as Values;
}

function numbersIn(text: unknown): readonly number[] {
  return String(text).split(",").map(Number);
}

/** Settings within a setting stand there as JSON in a text. */
function objectIn(value: unknown): Values {
  const object: unknown = typeof value === "string" ? JSON.parse(value) : value;
  return typeof object === "object" && object !== null ? (object as Values) : {};
}

function present(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
