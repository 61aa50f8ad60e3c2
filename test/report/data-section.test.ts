import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { classBalance } from "../../toolkit/data/balance.ts";
import type { Copies } from "../../toolkit/data/leaks/find-leaks.ts";
import { type DataFindings, dataSection } from "../../toolkit/report/data-section.ts";

const HOSTILE = `"><script>alert(1)</script>`;

interface Page {
  querySelectorAll(selector: string): Iterable<{ readonly textContent: string }>;
}

function texts(findings: DataFindings, selector: string): string[] {
  const { document } = parseHTML(`<html><body>${dataSection(findings).markup}</body></html>`) as unknown as {
    readonly document: Page;
  };
  return [...document.querySelectorAll(selector)].map((e) => e.textContent.replace(/\s+/g, " ").trim());
}

const sample = (label: number) => ({ path: "", id: "", label });
const balance = classBalance({ train: [sample(0), sample(0), sample(1)], validation: [sample(0)] }, [HOSTILE, "bees"], {
  fewPhotos: 0,
});
const pair: Copies = {
  a: HOSTILE,
  b: "b",
  kind: "near",
  bits: 3,
  mirrored: true,
  partOfA: "train",
  partOfB: "validation",
};

describe("report/data-section", () => {
  it("dataSection() shows the photos of every class, smallest first, and what to look out for", () => {
    const findings = { balance, split: "random, seed 3" };
    assert.deepEqual(texts(findings, "h2 + p"), ["3 training, 1 validation photos, split random, seed 3."]);
    assert.deepEqual(texts(findings, "tbody tr"), ["bees 1 0", `${HOSTILE} 2 1`]);
    assert.match(
      texts(findings, ".check.bad")[0] ?? "",
      /^1 class \("bees"\) without a validation photo: .*\. add photos/,
    );
    assert.deepEqual(texts(findings, "script"), []);
  });

  it("dataSection() says how odd photos are read", () => {
    const odd = [{ id: HOSTILE, kind: "cmyk" as const, format: "JPEG" as const }];
    assert.ok(texts({ balance, odd }, ".check").includes(`1 photo is in CMYK ("${HOSTILE}"): read as RGB.`));
    assert.deepEqual(texts({ balance, odd }, "script"), []);
  });

  it("dataSection() lists copies, leaks first, and says what was done", () => {
    const leaks = {
      pairs: [{ ...pair, a: "c", partOfB: "train" as const, kind: "exact" as const }, pair],
      conflicts: [],
      moved: [{ id: "b", from: "validation" as const, to: "train" as const, copyOf: HOSTILE }],
      dropped: [],
    };
    assert.deepEqual(texts({ balance, leaks }, "summary"), ["Copies: 2 pairs"]);
    assert.deepEqual(texts({ balance, leaks }, "details tbody tr"), [
      `${HOSTILE} train b validation mirrored, 3 of 64 bits differ`,
      "c train b train the same bytes",
    ]);
    assert.ok(texts({ balance, leaks }, ".check.bad").some((text) => /1 photo moved/.test(text)));
    assert.deepEqual(texts({ balance, leaks }, "script"), []);
  });

  it("dataSection() says so where the leak check found nothing, and lists a hundred pairs at most", () => {
    const none = { pairs: [], conflicts: [], moved: [], dropped: [] };
    assert.deepEqual(texts({ balance, leaks: none }, ".check:not(.bad)"), ["No photo has a copy among the others."]);
    assert.deepEqual(texts({ balance }, ".check:not(.bad)"), []);
    const many = { ...none, conflicts: Array.from({ length: 130 }, () => pair) };
    assert.deepEqual(texts({ balance, leaks: many }, "summary"), [
      "Copies with different labels: the first 100 of 130 pairs",
    ]);
    assert.equal(texts({ balance, leaks: many }, "details tbody tr").length, 100);
  });
});
