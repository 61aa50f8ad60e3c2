import type { Graph } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { segmentsOf } from "./find-cuts.ts";
import type { CutPoint, Segment } from "./find-cuts.ts";

/**
 * Where the stages of a network begin, the last one first: the cut points in front of the parts that make smaller maps (a ResNet's "layer4"), in front of
 * fully connected layers, and, in a network whose maps keep their size (a ViT), in front of each block. The first stage begins at the picture and has none.
 * `graph` is the network up to its features: the head is no stage.
 */
export function stageCuts(graph: Graph, operators: Operators = standardOperators): readonly CutPoint[] {
  const segments = segmentsOf(graph, operators);
  const areas = areasOf(segments, graph);
  const changes = segments.flatMap((_, i) => (i > 0 && areas[i] !== areas[i - 1] ? [i] : []));
  const isFlat = (i: number): boolean => areas[i] === FLAT;
  const spatial = changes.filter((i) => !isFlat(i));
  const shrinking = spatial.map((i, at) => narrowest(segments, areas, i, spatial[at - 1] ?? 0));
  const blocks = shrinking.length > 0 ? shrinking : blockStarts(segments, graph);
  const starts = new Set([...blocks, ...changes.filter(isFlat)]);
  return [...starts].toSorted((a, b) => b - a).flatMap((i) => segments[i]?.start ?? []);
}

/** The area of what fully connected layers make. */
const FLAT = 0;

/**
 * Pixels of the maps that each part makes: of its last convolution. Those of squeeze-excite layers do not count, which make one pixel in the middle of a
 * part that makes more; a part without any convolution makes what the one in front does.
 */
function areasOf(segments: readonly Segment[], graph: Graph): readonly (number | undefined)[] {
  let area: number | undefined;
  return segments.map(({ start, nodes }, i) => {
    const end = segments[i + 1]?.start?.value ?? graph.outputs[0];
    const endsInPoint = areaOf(end?.shape ?? []) === 1;
    const areas = nodes.flatMap((node) => (node.op === "Conv" ? areaOf(node.outputs[0]?.shape ?? []) : []));
    const made = endsInPoint ? areas.at(-1) : areas.findLast((pixels) => pixels > 1);
    area = made ?? (start?.value.shape.length === 2 ? FLAT : area);
    return area;
  });
}

function areaOf(shape: readonly (number | string)[]): number {
  return shape.slice(2).reduce<number>((product, dim) => product * Number(dim), 1);
}

/**
 * A convolution that widens its input in front of one that makes smaller maps belongs to it (MobileNet's expansion): the cut lies where there are fewest
 * numbers.
 */
function narrowest(
  segments: readonly Segment[],
  areas: readonly (number | undefined)[],
  index: number,
  floor: number,
): number {
  const pointAt = (i: number): CutPoint | undefined => segments[i]?.start;
  let i = index;
  for (;;) {
    const here = pointAt(i);
    const before = pointAt(i - 1);
    const isSmallAlready = here !== undefined && areaOf(here.value.shape) === areas[index];
    const convolutions = segments[i - 1]?.nodes.filter((node) => node.op === "Conv").length;
    if (!here || !before || isSmallAlready || i - 1 <= floor || convolutions !== 1) return i;
    if (before.elements >= here.elements) return i;
    i--;
  }
}

/** The first part that comes again, and each of its repetitions: what lies between them is a block. Every part, where none comes again. */
function blockStarts(segments: readonly Segment[], graph: Graph): readonly number[] {
  const forms = segments.map(({ parameters }) =>
    parameters.map((name) => graph.constants.get(name)?.shape.join("x")).join(),
  );
  const repeated = forms.find((form, i) => i > 0 && forms.indexOf(form, i + 1) > 0);
  return segments.flatMap((_, i) => (i > 0 && (repeated === undefined || forms[i] === repeated) ? [i] : []));
}
