import assert from "node:assert/strict";
import { perUpdate } from "../../toolkit/schedules/per-update.ts";
import type { Schedule } from "../../toolkit/schedules/schedule.ts";

describe("schedules/per-update", () => {
  it("perUpdate() asks for update j of all updates at the step that makes it", () => {
    const asked: string[] = [];
    const schedule: Schedule = ({ step, steps, metrics }) => {
      asked.push(`${step}/${steps}/${metrics.join()}`);
      return step;
    };
    const counted = perUpdate(schedule, 3);
    // updates are made at steps 2, 5 and 8 of 11; two are left over
    assert.deepEqual(
      [0, 2, 3, 5, 6, 8, 9, 10].map((step) => counted({ step, steps: 11, metrics: [7] })),
      [0, 0, 1, 1, 2, 2, 2, 2],
    );
    assert.deepEqual([...new Set(asked)], ["0/3/7", "1/3/7", "2/3/7"]);
  });
  it("perUpdate() of fewer steps than one update needs asks for a run of one", () => {
    assert.equal(perUpdate(({ step, steps }) => step + steps, 8)({ step: 4, steps: 5, metrics: [] }), 1);
  });
});
