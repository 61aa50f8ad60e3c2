import type { Markup } from "./page.ts";
import { html } from "./page.ts";
import type { CheckRecord } from "./run-report.ts";

const WORDS = { ok: "Well", warning: "Look at this", failed: "Wrong" } as const;

/** What was looked at in the first seconds, and at the end: what is wrong first. */
export function checksSection(checks: readonly CheckRecord[]): Markup {
  const severity = ["failed", "warning", "ok"];
  const sorted = checks.toSorted((a, b) => severity.indexOf(a.status) - severity.indexOf(b.status));
  const stages = new Set(checks.flatMap(({ stage }) => stage ?? []));
  return html`<section aria-labelledby="checks">
    <h2 id="checks">Checks</h2>
    <p class="note">
      Made in the first seconds of training, and at its end. onnx-graft doctor MODEL DATA also tries whether one batch
      can be learnt by heart, and whether pictures make a difference.
    </p>
    <ul class="checks">
      ${sorted.map(
        ({ name, stage, status, detail, hint }) =>
          html`<li class="check ${status === "ok" ? "good" : status === "warning" ? "warn" : "bad"}">
            <b>${WORDS[status]}: ${name}${stages.size > 1 && stage !== undefined && ` (${stage})`}.</b> ${detail}.
            ${hint !== undefined && html`<span class="note">${hint}.</span>`}
          </li>`,
      )}
    </ul>
  </section>`;
}
