import assert from "node:assert/strict";
import { runCharts } from "../../toolkit/report/chart.ts";
import { contactSheetHtml } from "../../toolkit/report/contact-sheet.ts";
import { exampleReport } from "./example-report.ts";

const HOSTILE = `"><script>alert(1)</script>`;
const picture = { width: 2, height: 2, data: new Uint8Array(12) };

describe("report/contact-sheet", () => {
  it("contactSheetHtml() shows each query with its pictures, labels and weights beside the curves", async () => {
    const hits = [{ picture, labels: [{ label: "seven", weight: 0.974 }], caption: "scan-1.png" }];
    const text = await contactSheetHtml({
      title: "Handwriting",
      sections: [
        { title: "seven>0.8", note: "198 found", hits },
        { title: "none", hits: [] },
      ],
      charts: runCharts(exampleReport()),
    });
    assert.match(text, /seven&#62;0\.8/);
    assert.match(text, /<img\s+src="data:image\/png;base64,[^"]+"\s+alt="seven"/);
    assert.match(text, /--share:97%[^]*?<b>0\.97<\/b>/);
    assert.match(text, /198 found/);
    assert.match(text, /No photo fits\./);
    assert.equal(text.match(/<svg/g)?.length, 4);
    assert.doesNotMatch(text.replaceAll(/xmlns(:xlink)?="http:[^"]*"/g, ""), /https?:/);
  });

  it("contactSheetHtml() escapes queries, labels and captions, and bounds weights", async () => {
    const hits = [{ picture: new Uint8Array(9), labels: [{ label: HOSTILE, weight: 7 }], caption: HOSTILE }];
    const text = await contactSheetHtml({
      title: HOSTILE,
      note: HOSTILE,
      sections: [{ title: HOSTILE, note: HOSTILE, hits }],
    });
    assert.doesNotMatch(text, /<script/);
    assert.match(text, /no preview/);
    assert.match(text, /--share:100%/);
  });
});
