import type { JSX } from "preact";
import type { Taught } from "../calls.ts";
import type { ClassOf } from "./state.ts";

export interface GradesProps {
  readonly taught: Taught;
  readonly classes: readonly ClassOf[];
}

/** Mistakes that are shown. */
const SHOWN = 8;

/** How it did on the photos that were put aside. */
export function Grades({ taught, classes }: GradesProps): JSX.Element {
  const { right, heldOut, seconds, stopped, unreadable, mistakes } = taught;
  const thumbs = new Map(classes.flatMap(({ photos }) => photos.map(({ name, thumb }) => [name, thumb] as const)));
  const count = Math.round(right * heldOut);
  return (
    <div class="card grades">
      <div class="verdict" role="status">
        <p class="score">{Math.round(right * 100)} %</p>
        <p>
          It gets{" "}
          <b>
            {count} of {heldOut}
          </b>{" "}
          photos right that it never learnt from. {verdict(taught)}
          <span class="faint">
            {" "}
            {stopped ? "Stopped" : "Learnt"} after {seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} seconds.
          </span>
        </p>
      </div>
      <ConfusionTable taught={taught} />
      {mistakes.length > 0 && (
        <div>
          <h3>What it got wrong</h3>
          <ul class="mistakes">
            {mistakes.slice(0, SHOWN).map(({ photo, is, taken, weight }) => (
              <li key={photo}>
                <img src={thumbs.get(photo) ?? ""} alt={photo} />
                <span>
                  is <b>{is}</b>, taken for <b>{taken}</b> ({Math.round(weight * 100)} %)
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {unreadable.length > 0 && (
        <p class="note">Left out, as they cannot be read: {unreadable.map(({ name }) => name).join(", ")}</p>
      )}
    </div>
  );
}

function verdict({ right, heldOut, classes }: Taught): string {
  if (heldOut < 10) return "These are too few to be sure: add more photos.";
  const guessing = 1 / classes.length;
  if (right < guessing + 0.5 * (1 - guessing))
    return "That is not much better than guessing: try more, and more different, photos.";
  if (right < 0.9) return "More photos of the kinds below would help.";
  return "Try it on photos of your own below.";
}

function ConfusionTable({ taught: { classes, confusion } }: { readonly taught: Taught }): JSX.Element {
  return (
    <div class="scroll">
      <table class="confusion">
        <caption>Rows: what the photos are. Columns: what it took them for.</caption>
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((name, row) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {(confusion[row] ?? []).map((count, column) => {
                const whole = (confusion[row] ?? []).reduce((sum, n) => sum + n, 0);
                const kind = count === 0 ? "none" : row === column ? "hit" : "miss";
                return (
                  <td key={classes[column]} class={kind} style={{ "--share": String(whole === 0 ? 0 : count / whole) }}>
                    {count}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
