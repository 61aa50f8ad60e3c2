import type { Roll } from "./augment-step.ts";

/** A number between two others. */
export function between(roll: Roll, low: number, high: number): number {
  return low + (high - low) * roll();
}

/** A whole number from `low` to `high`, both included. */
export function wholeBetween(roll: Roll, low: number, high: number): number {
  return low + Math.floor((high - low + 1) * roll());
}

/** A whole number for generators of their own. */
export function seedOf(roll: Roll): number {
  return Math.floor(roll() * 0x1_0000_0000);
}

/** The numbers from 0 to `count` - 1 in a random order: Fisher and Yates's shuffle. */
export function shuffled(roll: Roll, count: number): readonly number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = wholeBetween(roll, 0, i);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** `count` shares that sum to 1, from Dirichlet's distribution with the same parameter for all: gamma numbers over their sum. */
export function dirichlet(roll: Roll, count: number, alpha: number): readonly number[] {
  const numbers = Array.from({ length: count }, () => gamma(roll, alpha));
  const sum = numbers.reduce((total, value) => total + value, 0);
  // where alpha is so small that all of them are 0
  return sum > 0 ? numbers.map((value) => value / sum) : numbers.map(() => 1 / count);
}

/** A gamma number of scale 1 (G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", 2000). */
function gamma(roll: Roll, shape: number): number {
  if (shape < 1) return gamma(roll, shape + 1) * (1 - roll()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(roll);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - roll()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

function normal(roll: Roll): number {
  return Math.sqrt(-2 * Math.log(1 - roll())) * Math.cos(2 * Math.PI * roll());
}
