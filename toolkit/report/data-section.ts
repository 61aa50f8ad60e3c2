import type { ClassBalance } from "../data/balance.ts";
import type { Copies } from "../data/leaks/find-leaks.ts";
import { type LeakFindings, leakSummary } from "../data/leaks/leak-summary.ts";
import { type OddPhoto, oddPhotoSummary } from "../data/odd-photos.ts";
import type { Markup } from "./page.ts";
import { html } from "./page.ts";

/** What is known of the data before training. */
export interface DataFindings {
  readonly balance: ClassBalance;
  /** How photos came into their parts, such as "random, seed 0". */
  readonly split?: string;
  readonly leaks?: LeakFindings;
  /** Photos that are read, though not as their names or their colours would have it. */
  readonly odd?: readonly OddPhoto[];
}

/** Copies that are listed; more would make the page long and say no more. */
const MOST_COPIES = 100;

/** What the data is like: photos of every class in every part, what to look out for, copies. */
export function dataSection({ balance, split, leaks, odd = [] }: DataFindings): Markup {
  const { photos, labelsPerPhoto, warnings } = balance;
  const parts = [
    ["training", photos.train],
    ["validation", photos.validation],
    ["test", photos.test],
  ] as const;
  const held = parts.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  const labels =
    labelsPerPhoto &&
    ` ${labelsPerPhoto.mean.toFixed(2)} labels a photo, ${labelsPerPhoto.most} at the most; ${labelsPerPhoto.none} photos have none.`;
  const found = leaks ? leakSummary(leaks, photos) : [];
  return html`<section aria-labelledby="data">
    <h2 id="data">The data</h2>
    <p class="note">${held.join(", ")} photos${split !== undefined && `, split ${split}`}.${labels}</p>
    ${warnings.map(({ text, advice }) => html`<p class="check bad">${text}. <span class="note">${advice}.</span></p>`)}
    ${found.map((line) => html`<p class="check bad">${line}.</p>`)}
    ${leaks && found.length === 0 && html`<p class="check">No photo has a copy among the others.</p>`}
    ${oddPhotoSummary(odd).map((line) => html`<p class="check">${line}.</p>`)} ${classTable(balance)}
    ${leaks && copiesTable("Copies", [...leaks.pairs])}
    ${leaks && copiesTable("Copies with different labels", leaks.conflicts)}
  </section>`;
}

/** Smallest classes first, as they are the ones to look at. */
function classTable({ classes, photos }: ClassBalance): Markup {
  const most = classes.reduce((largest, { train }) => Math.max(largest, train), 1);
  return html`<div class="scroll tall" tabindex="0" role="region" aria-label="Photos of every class">
    <table class="wide">
      <thead>
        <tr>
          <th scope="col" class="text">Class</th>
          <th scope="col">Training</th>
          <th scope="col">Validation</th>
          ${photos.test > 0 && html`<th scope="col">Test</th>`}
        </tr>
      </thead>
      <tbody>
        ${classes
          .toSorted((a, b) => a.train - b.train)
          .map(
            ({ name, train, validation, test }) =>
              html`<tr>
                <th scope="row" class="text">${name}</th>
                <td><span class="bar" style="--share:${((100 * train) / most).toFixed(0)}%">${train}</span></td>
                <td>${validation}</td>
                ${photos.test > 0 && html`<td>${test}</td>`}
              </tr>`,
          )}
      </tbody>
    </table>
  </div>`;
}

function copiesTable(title: string, pairs: readonly Copies[]): Markup | false {
  if (pairs.length === 0) return false;
  // those in different parts first: they are leaks
  const sorted = pairs.toSorted((x, y) => Number(x.partOfA === x.partOfB) - Number(y.partOfA === y.partOfB));
  return html`<details>
    <summary>${title}: ${pairs.length > MOST_COPIES && `the first ${MOST_COPIES} of `}${pairs.length} pairs</summary>
    <div class="scroll tall" tabindex="0" role="region" aria-label="${title}">
      <table class="wide">
        <thead>
          <tr>
            <th scope="col" class="text">Photo</th>
            <th scope="col" class="text">Copy</th>
            <th scope="col" class="text">How alike</th>
          </tr>
        </thead>
        <tbody>
          ${sorted.slice(0, MOST_COPIES).map(
            (pair) =>
              html`<tr>
                <th scope="row" class="text">${pair.a} <span class="note">${pair.partOfA}</span></th>
                <td class="text">${pair.b} <span class="note">${pair.partOfB}</span></td>
                <td class="text">${likeness(pair)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function likeness({ kind, bits, mirrored }: Copies): string {
  if (kind === "exact") return "the same bytes";
  return `${mirrored ? "mirrored, " : ""}${bits} of 64 bits differ`;
}
