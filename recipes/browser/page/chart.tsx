import type { JSX } from "preact";
import type { Round } from "./state.ts";

export interface ChartProps {
  readonly rounds: readonly Round[];
  /** Rounds that there will be. */
  readonly of: number;
}

const WIDTH = 480;
const HEIGHT = 240;
const LEFT = 54;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 34;

/** How many photos it gets right, round by round: of those it learns from, and of those put aside. */
export function Chart({ rounds, of }: ChartProps): JSX.Element {
  const most = Math.max(of, rounds.length, 2);
  const x = (i: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * i) / (most - 1);
  const y = (share: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
  const line = (value: (round: Round) => number): string =>
    rounds.map((round, i) => `${i === 0 ? "M" : "L"}${x(i).toFixed(1)} ${y(value(round)).toFixed(1)}`).join(" ");
  const last = rounds.at(-1);
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={spoken(last, rounds.length)}>
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <g key={share} class="grid">
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(share)} y2={y(share)} />
            <text x={LEFT - 8} y={y(share) + 4} text-anchor="end">
              {Math.round(share * 100)} %
            </text>
          </g>
        ))}
        <text class="axis" x={WIDTH - RIGHT} y={HEIGHT - 8} text-anchor="end">
          round {rounds.length}
          {most > rounds.length ? ` of ${most}` : ""}
        </text>
        <path class="line train" d={line((round) => round.trainRight)} />
        <path class="line held" d={line((round) => round.right)} />
        {last && (
          <>
            <circle class="dot train" cx={x(rounds.length - 1)} cy={y(last.trainRight)} r="4" />
            <circle class="dot held" cx={x(rounds.length - 1)} cy={y(last.right)} r="4" />
          </>
        )}
      </svg>
      <figcaption>
        <span class="key train">right on the photos it learns from</span>
        <span class="key held">right on photos put aside</span>
      </figcaption>
    </figure>
  );
}

function spoken(last: Round | undefined, count: number): string {
  if (!last) return "No round yet";
  const percent = (share: number): string => `${Math.round(share * 100)} percent`;
  return `After round ${count}: ${percent(last.trainRight)} right on the photos it learns from, ${percent(last.right)} on photos put aside`;
}
