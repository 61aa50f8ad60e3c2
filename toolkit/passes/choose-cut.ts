import { ToolkitError } from "../errors.ts";
import { producers, valuesByName } from "../graph/ir.ts";
import type { Graph, Node } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { nearestNames } from "../nearest-names.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { cut } from "./cut.ts";
import { cutPoints, segmentsOf } from "./find-cuts.ts";
import type { CutPoint } from "./find-cuts.ts";
import { stageCuts } from "./stage-cuts.ts";

export interface CutChoice {
  /** Where the head begins: nothing behind it is frozen. */
  readonly features: string;
  /** A value to cut at, or a layer, node or weight (or the beginning of its name, such as "layer4") that is the first to be trained. */
  readonly trainFrom?: string;
  /** Train so many of the last stages, see `stageCuts`; 1 where nothing is named. */
  readonly unfreeze?: number;
}

const LISTED = "onnx-graft inspect MODEL lists the cut points";

/**
 * Where a network of known size is cut into a frozen part and one that is trained.
 * @throws E_SETTING where no such place is there, naming those that are
 */
export function chooseCut(
  graph: Graph,
  { features, trainFrom, unfreeze = 1 }: CutChoice,
  operators: Operators = standardOperators,
): CutPoint {
  if (trainFrom === undefined) return lastStages(cut(graph, { outputs: [features] }), unfreeze, operators);
  const end = graph.nodes.findIndex((node) => node.outputs.some((v) => v.name === features));
  if (producers(graph).has(trainFrom)) return atValue(graph, trainFrom, end, operators);
  const first = graph.nodes.findIndex((node) => isPartOf(node, trainFrom, graph));
  if (first < 0) return unknown(graph, trainFrom);
  const starts = segmentsOf(graph, operators).flatMap(({ start }) => (start && start.index <= end ? [start] : []));
  return starts.findLast((point) => point.index < first) ?? nothingInFront(trainFrom);
}

function lastStages(body: Graph, count: number, operators: Operators): CutPoint {
  const stages = stageCuts(body, operators);
  const point = stages[count - 1];
  if (point) return point;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot unfreeze ${count} stage${count === 1 ? "" : "s"}: the network has ${stages.length} behind its first one`,
    { hint: `train every layer with --mode full; ${LISTED}` },
  );
}

function atValue(graph: Graph, name: string, end: number, operators: Operators): CutPoint {
  const points = cutPoints(graph, operators).filter((point) => point.index <= end);
  const found = points.find((point) => point.value.name === name);
  if (found) return found;
  const index = graph.nodes.findIndex((node) => node.outputs.some((v) => v.name === name));
  const [first] = points;
  if (!first || index < first.index) return nothingInFront(name);
  const around = [points.findLast((p) => p.index < index), points.find((p) => p.index > index)];
  const named = around.flatMap((p) => (p ? [`"${p.value.name}"`] : []));
  const why = index > end ? "it is a part of the head" : "other values go past it";
  throw new ToolkitError("E_SETTING", `Cannot train from "${name}": ${why}`, {
    hint: `the cut point${named.length === 1 ? "" : "s"} next to it: ${named.join(" and ")}; ${LISTED}`,
  });
}

function nothingInFront(name: string): never {
  throw new ToolkitError("E_SETTING", `Cannot train from "${name}": nothing in front of it has weights`, {
    hint: `train every layer with --mode full; ${LISTED}`,
  });
}

function unknown(graph: Graph, name: string): never {
  const names = [...groupNames(graph), ...valuesByName(graph).keys()];
  const near = nearestNames(name, [...new Set(names)]);
  throw new ToolkitError(
    "E_SETTING",
    `Cannot train from "${name}": no value, layer or weight of the network is called so`,
    {
      hint: `${near.length > 0 ? `did you mean ${near.map((n) => `"${n}"`).join(" or ")}? ` : ""}${LISTED}`,
    },
  );
}

/** Whether the name of a node, or of a constant it reads, has the parts of `wanted` in a row: "layer4.0" in "/layer4/layer4.0/conv1/Conv". */
function isPartOf(node: Node, wanted: string, graph: Graph): boolean {
  const names = [node.name, ...node.inputs.map((v) => (v && graph.constants.has(v.name) ? v.name : undefined))];
  const text = `/${parts(wanted).join("/")}/`;
  return names.some((name) => name !== undefined && `/${parts(name).join("/")}/`.includes(text));
}

function parts(name: string): readonly string[] {
  return name.split(/[/.]/).filter((part) => part !== "");
}

/** What layers and groups of layers are called: "layer4", "layer4.0", "layer4.0.conv1". */
function groupNames(graph: Graph): readonly string[] {
  const ofNodes = graph.nodes.flatMap(({ name }) => name?.split("/").filter((part) => part !== "") ?? []);
  const ofWeights = [...graph.constants.keys()].flatMap((name) => {
    const words = name.split(".");
    return words.slice(1).map((_, i) => words.slice(0, i + 1).join("."));
  });
  return [...graph.nodes.flatMap(({ name }) => name ?? []), ...ofNodes, ...ofWeights];
}
