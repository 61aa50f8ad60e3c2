import assert from "node:assert/strict";
import { confusionFigure } from "../../toolkit/report/confusion-figure.ts";

const names = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);

describe("report/confusion-figure", () => {
  it("confusionFigure() is a table of counts for few classes", () => {
    const { markup } = confusionFigure(
      [
        { actual: 0, predicted: 0, count: 7 },
        { actual: 0, predicted: 1, count: 3 },
      ],
      ["ants", "<bees>"],
    );
    assert.equal(markup.match(/<td\s+class="(right|wrong)"/g)?.length, 4);
    assert.match(markup, /class="wrong"\s+style="--shade:28%"\s+title="ants, taken for &#60;bees&#62;: 3"/);
    assert.doesNotMatch(markup, /<bees>|NaN/);
  });

  it("confusionFigure() is one picture with a mark for each cell that is not zero for many classes", () => {
    const confusion = names(200).map((_, i) => ({ actual: i, predicted: i === 9 ? 3 : i, count: 2 }));
    const { markup } = confusionFigure(confusion, names(200));
    assert.equal(markup.match(/<td/g), null);
    assert.match(markup, /aria-label="Confusion matrix of 200 classes: 2 photos off the diagonal"/);
    assert.equal(markup.match(/z/g)?.length, 200);
  });
});
