import assert from "node:assert/strict";
import { placementsText, readPlacements, tellsPlacements } from "../../toolkit/runtime/placements.ts";

const SAYS = "2026-01-01 00:00:00.0 [V:onnxruntime:, session_state.cc:1380 VerifyEachNodeIsAssignedToAnEp]";
/** Of two sessions: one that has kernels for everything, and one that lacks some. */
const LOG = [
  "2026-01-01 00:00:00.0 [I:onnxruntime:, inference_session.cc:3094 Initialize] Session successfully initialized.",
  `${SAYS} Node placements`,
  `${SAYS}  All nodes placed on [WebGpuExecutionProvider]. Number of nodes: 34`,
  `${SAYS} Node placements`,
  `${SAYS}  Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 2`,
  `${SAYS}   Gemm (dense)`,
  `${SAYS}   Cast ()`,
  `${SAYS}  Node(s) placed on [CPUExecutionProvider]. Number of nodes: 3`,
  `${SAYS}   LogSoftmax (loss)`,
  `${SAYS}   Cast (a name (with brackets))`,
  `${SAYS}   LogSoftmax (loss_1)`,
].join("\n");

describe("runtime/placements", () => {
  it("readPlacements() counts the nodes of all sessions, and by operator those that are left to the CPU", () => {
    assert.deepEqual(readPlacements(LOG), { nodes: 39, onCpu: { LogSoftmax: 2, Cast: 1 } });
    assert.deepEqual(readPlacements("nothing of the kind\n"), { nodes: 0, onCpu: {} });
  });

  it("tellsPlacements() picks the lines that readPlacements() reads", () => {
    const lines = LOG.split("\n");
    assert.equal(lines.filter(tellsPlacements).length, lines.length - 1);
  });

  it("placementsText() says how many there are, the most frequent first, or that there are none", () => {
    assert.equal(placementsText(readPlacements(LOG)), "3 of 39 nodes are left to the CPU: LogSoftmax 2 times, Cast");
    assert.equal(placementsText({ nodes: 34, onCpu: {} }), "all 34 nodes have kernels there");
    const none = `${SAYS}  All nodes placed on [CPUExecutionProvider]. Number of nodes: 12`;
    assert.equal(placementsText(readPlacements(none)), "all 12 nodes are left to the CPU");
  });
});
