import assert from "node:assert/strict";
import { checksSection } from "../../toolkit/report/checks-section.ts";
import type { CheckRecord } from "../../toolkit/report/run-report.ts";

const check = (name: string, status: CheckRecord["status"], stage?: string): CheckRecord => ({
  name,
  status,
  detail: "<found>",
  ...(stage === undefined ? {} : { stage }),
  ...(status === "ok" ? {} : { hint: "do this" }),
});

describe("report/checks-section", () => {
  const items = (checks: readonly CheckRecord[]): readonly string[] =>
    [...checksSection(checks).markup.matchAll(/<li[^>]*>([\s\S]*?)<\/li>/g)].map(([, item = ""]) =>
      item
        .replace(/<[^>]*>/g, "")
        .replace(/\s+/g, " ")
        .trim(),
    );

  it("checksSection() says what is wrong first, with the way out", () => {
    assert.deepEqual(items([check("inputs", "ok"), check("first step", "warning"), check("baseline", "failed")]), [
      "Wrong: baseline. &#60;found&#62;. do this.",
      "Look at this: first step. &#60;found&#62;. do this.",
      "Well: inputs. &#60;found&#62;.",
    ]);
  });

  it("checksSection() names the stage where there are several", () => {
    const found = items([
      check("inputs", "ok"),
      check("first step", "ok", "head"),
      check("first step", "ok", "network"),
    ]);
    assert.deepEqual(
      found.map((item) => item.slice(0, item.indexOf("."))),
      ["Well: inputs", "Well: first step (head)", "Well: first step (network)"],
    );
  });
});
