import { z } from "zod";
import type { Command } from "../command.ts";
import { configFields } from "./config-fields.ts";

/** The JSON Schema (draft 2020-12) of a command's config file, made from the command's positionals and options. */
export function configSchema(command: Command): object {
  const fields = [...configFields(command)].map(([key, { schema }]) => [key, schema.optional()] as const);
  const about = z.string().meta({ description: "this schema, for editors" }).optional();
  const schema = z.strictObject({ $schema: about, ...Object.fromEntries(fields) });
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input", override: withoutLargest });
  return {
    $schema,
    title: `onnx-graft ${command.name}`,
    description: `Settings of "onnx-graft ${command.name} --config FILE"; those that are left out are decided as without a file`,
    ...rest,
  };
}

/** Whole numbers are exact in JavaScript up to here: nothing that somebody who reads the schema wants to know. */
function withoutLargest({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}
