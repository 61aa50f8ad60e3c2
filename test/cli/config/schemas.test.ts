import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { commands } from "../../../cli/commands.ts";
import { takesConfig } from "../../../cli/config/config-options.ts";
import { readJson, root } from "../../support/fixtures.ts";
import { configSchemas } from "../../support/config-schemas.ts";

const folder = join(root, "cli/config/schemas");
type Properties = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

describe("cli/config/schemas", () => {
  it("are what npm run config-schemas makes of the commands", () => {
    const made = configSchemas();
    assert.ok(made.has("train.json"));
    assert.deepEqual(readdirSync(folder).toSorted(), [...made.keys()].toSorted());
    for (const [name, text] of made) assert.equal(readFileSync(join(folder, name), "utf8"), text, name);
  });

  it("are shipped with the package", () => {
    const { files } = readJson<{ files: readonly string[] }>(join(root, "package.json"));
    assert.ok(files.includes("cli/config/schemas"));
  });

  it("have every option and positional of their command, with its help, and no other", () => {
    const train = commands.find((c) => c.name === "train");
    assert.ok(train && takesConfig(train));
    const schema = readJson<{ properties: Properties; additionalProperties: unknown; required?: unknown }>(
      join(folder, "train.json"),
    );
    const options = Object.keys(train.options).filter((key) => key !== "config" && key !== "printConfig");
    assert.deepEqual(Object.keys(schema.properties), ["$schema", "data", ...options]);
    assert.equal(schema.additionalProperties, false);
    assert.equal(schema.required, undefined);
    assert.ok(Object.values(schema.properties).every(({ description }) => typeof description === "string"));
    assert.deepEqual(schema.properties["epochs"], {
      description: train.options["epochs"]?.help,
      type: "integer",
      minimum: 1,
    });
    const { momentum, stemFactor, mean, mode } = schema.properties;
    assert.deepEqual([momentum?.["minimum"], momentum?.["exclusiveMaximum"], momentum?.["default"]], [0, 1, 0.9]);
    assert.deepEqual([stemFactor?.["exclusiveMinimum"], stemFactor?.["maximum"]], [0, 1]);
    assert.deepEqual([mean?.["minItems"], mean?.["maxItems"]], [3, 3]);
    assert.deepEqual(mode?.["enum"], ["frozen", "partial", "full", "staged", "scratch"]);
  });

  it("are JSON Schema of draft 2020-12, which another reader takes as it is meant", () => {
    const json = readJson<z.core.JSONSchema.JSONSchema>(join(folder, "train.json"));
    assert.equal(json.$schema, "https://json-schema.org/draft/2020-12/schema");
    const schema = z.fromJSONSchema(json);
    const right = [
      {},
      { $schema: "x", data: "photos", epochs: 3, augment: false, mean: [0.5, 0.5, 0.5] },
      { optimizer: "adamw", schedule: "step:every=2", loss: { name: "focal", gamma: 2 } },
    ];
    for (const config of right) assert.ok(schema.safeParse(config).success, JSON.stringify(config));
    const wrong = [
      { epoch: 3 },
      { epochs: 0 },
      { epochs: 1.5 },
      { epochs: "3" },
      { mode: "ful" },
      { mean: [1, 2] },
      { momentum: 1 },
      { augment: "no" },
      { optimizer: "adamm" },
      { optimizer: { name: "adamm" } },
      { data: "" },
    ];
    for (const config of wrong) assert.ok(!schema.safeParse(config).success, JSON.stringify(config));
  });
});
