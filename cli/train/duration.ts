import { ToolkitError } from "../../toolkit/errors.ts";

const SECONDS = { h: 3600, m: 60, s: 1 } as const;

/**
 * Seconds of a text such as "90s", "10m", "1h30m" or "45", which is seconds.
 * @throws E_USAGE naming the option
 */
export function readDuration(flag: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([hms]?)/g)];
  const isWhole = /^\s*(\d+(\.\d+)?|(\d+(\.\d+)?\s*h)?\s*(\d+(\.\d+)?\s*m)?\s*(\d+(\.\d+)?\s*s)?)\s*$/.test(text);
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unitOf(unit)], 0);
  if (isWhole && seconds > 0) return seconds;
  throw new ToolkitError("E_USAGE", `Cannot use ${flag} "${text}": expected a time, such as 90s, 10m or 1h30m`);
}

function unitOf(text: string | undefined): keyof typeof SECONDS {
  return text === "h" || text === "m" ? text : "s";
}
