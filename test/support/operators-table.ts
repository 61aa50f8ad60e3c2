import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GRADIENT_DOMAIN } from "../../toolkit/graph/ir.ts";
import type { Operator } from "../../toolkit/graph/operator.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { standardRewrites } from "../../toolkit/passes/normalise.ts";
import { applicationCount } from "./applications.ts";
import { fixture } from "./fixtures.ts";
import { nodeCases, readCase } from "./node-case.ts";
import { recordedChecks } from "./recorded-checks.ts";

/** The newest opset that is read. */
const NEWEST = 23;
const OLDEST = 7;

interface Counts {
  readonly differences: ReadonlyMap<string, number>;
  readonly goldens: ReadonlyMap<string, number>;
  readonly cases: ReadonlyMap<string, number>;
}

/** toolkit/operators/README.md: every operator that is read, whether a gradient flows back through it, and what it is tested against. */
export async function operatorsTable(): Promise<string> {
  const { since, cases } = nodeCases();
  const inferred = cases.filter((stored) => readCase(stored).kind === "inferred");
  const counts = {
    differences: await differences(),
    goldens: tally(goldenOperators()),
    cases: tally(inferred.map((stored) => stored.operators)),
  };
  const own = [...operators.values()].filter((o) => o.domain !== GRADIENT_DOMAIN);
  const written = Object.keys(standardRewrites).filter((name) => !operators.has(name));
  const rows = [
    ...own.map((o) => [o.type, domainOf(o.domain), opsets(o, since), gradientOf(o)].concat(tested(o, counts))),
    ...written.map((name) => {
      const type = name.split(".").at(-1) ?? name;
      const o = type === name ? { type } : { type, domain: name.slice(0, -type.length - 1) };
      return [type, domainOf(o.domain), opsets(o, since), "decomposed"].concat(tested(o, counts));
    }),
  ].sort(([a = "", d = ""], [b = "", e = ""]) => (a === b ? (d < e ? -1 : 1) : a < b ? -1 : 1));
  return page(rows);
}

function page(rows: readonly (readonly string[])[]): string {
  const head = ["operator", "domain", "opsets", "gradient", "differences", "PyTorch", "ONNX", "random"];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((c, i) => c.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const internal = [...operators.values()].filter((o) => o.domain === GRADIENT_DOMAIN).map((o) => `\`${o.type}\``);
  return [
    "# Operators",
    "",
    "Made by `npm run operators-table` from the operator table and the tests; a test fails where it is out of date.",
    "",
    `What \`normalise\` reads, of opset ${OLDEST} to ${NEWEST}. Gradient: **yes**; **zero** by definition (comparisons, shapes, steps); **no** rule is written, so that`,
    "training stops at it with `E_NO_GRADIENT`; **decomposed** into other operators when the file is read, and differentiated as these.",
    "",
    "Tested against: finite differences (shapes and attributes), PyTorch's gradients (stored cases that contain it), the ONNX project's own cases that are read (types and values),",
    "and ONNX Runtime's shapes for random inputs and attributes.",
    "",
    line(head),
    `| ${widths.map((w) => "-".repeat(w)).join(" | ")} |`,
    ...rows.map(line),
    "",
    `Gradient rules also write operators of the domain \`${GRADIENT_DOMAIN}\`, which lowering replaces before a graph can run: ${internal.sort().join(", ")}.`,
    "",
  ].join("\n");
}

function domainOf(domain: string | undefined): string {
  return domain ?? "";
}

function opsets({ type, domain }: Pick<Operator, "type" | "domain">, since: Readonly<Record<string, number>>): string {
  const first = since[type];
  if (domain !== undefined || first === undefined) return "";
  return `${Math.max(OLDEST, first)}-${NEWEST}`;
}

function gradientOf({ gradient }: Operator): string {
  return gradient === undefined ? "no" : gradient === null ? "zero" : "yes";
}

function tested(
  o: Pick<Operator, "type" | "domain"> & { readonly infer?: unknown },
  counts: Counts,
): readonly string[] {
  const standard = o.domain === undefined;
  const of = (map: ReadonlyMap<string, number>): string => String((standard && map.get(o.type)) || "");
  const random = standard && o.infer ? String(applicationCount(o.type)) : "";
  return [of(counts.differences), of(counts.goldens), of(counts.cases), random];
}

function tally(lists: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const list of lists) for (const name of new Set(list)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The operators of each stored case of PyTorch's gradients. */
function goldenOperators(): readonly (readonly string[])[] {
  const folder = fixture("goldens/operators");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => decodeModel(new Uint8Array(readFileSync(join(folder, name)))).graph.nodes.map((node) => node.op));
}

/** How often the rule of each operator is compared with finite differences. */
async function differences(): Promise<ReadonlyMap<string, number>> {
  const checks = await recordedChecks();
  return tally(checks.flatMap(({ type, options }) => (options.domain === undefined ? [[type]] : [])));
}
