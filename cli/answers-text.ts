import type { Answers } from "../toolkit/label/answers.ts";
import { labelText } from "./format.ts";

/** What a network says of a photo, on a line. */
export function answersText({ labels, heads, numbers }: Answers): string {
  const listed = (own: Answers["labels"]): string => own.map(labelText).join(", ") || "(no label)";
  const said = Object.entries(numbers ?? {}).map(([name, value]) => `${name} ${Number(value.toPrecision(6))}`);
  if (!heads) return numbers ? said.join(", ") : listed(labels);
  return [...Object.entries(heads).map(([name, own]) => `${name}: ${listed(own)}`), ...said].join("; ");
}
