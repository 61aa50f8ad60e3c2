import { cacheClear, cacheList } from "./commands/cache.ts";
import { doctor } from "./commands/doctor.ts";
import { evaluate } from "./commands/evaluate.ts";
import { exportCommand } from "./commands/export.ts";
import { findRate } from "./commands/find-rate.ts";
import { index } from "./commands/index.ts";
import { inspect } from "./commands/inspect.ts";
import { label } from "./commands/label.ts";
import { models, modelsGet } from "./commands/models.ts";
import { preview } from "./commands/preview.ts";
import { search } from "./commands/search.ts";
import { sweep } from "./commands/sweep.ts";
import { train } from "./commands/train.ts";
import type { Command } from "./command.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  train,
  preview,
  sweep,
  findRate,
  evaluate,
  label,
  index,
  search,
  exportCommand,
  inspect,
  models,
  modelsGet,
  cacheList,
  cacheClear,
  doctor,
];
