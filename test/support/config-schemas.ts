import { commands } from "../../cli/commands.ts";
import { schemaName, takesConfig } from "../../cli/config/config-options.ts";
import { configSchema } from "../../cli/config/config-schema.ts";

/** The schemas of all config files, by the names of their own files. */
export function configSchemas(): ReadonlyMap<string, string> {
  const configurable = commands.filter(takesConfig);
  return new Map(configurable.map((c) => [schemaName(c), `${JSON.stringify(configSchema(c), undefined, 2)}\n`]));
}
