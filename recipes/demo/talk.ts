/** Takes a line for whoever watches. */
export type Say = (line: string) => void;

/** What to type to do the same with one's own photos. */
export const commands = `The same with your own photos, a folder for each class:

   npx onnx-graft train PHOTOS --out run
   npx onnx-graft index run/model.onnx MORE-PHOTOS --index photos.db
   npx onnx-graft search "CLASS AND NOT OTHER" --index photos.db
`;

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} s`;
}

/** "1 photo", "2,000 photos". */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

/** How far something is: drawn over itself on a terminal; elsewhere a line when it is done. */
export function progressLine(what: string, done: number, total: number, say: Say, note = ""): void {
  const text = `   ${what} ${done.toLocaleString("en")} of ${total.toLocaleString("en")}${note}`;
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${done < total ? text : ""}`);
  if (done >= total) say(text);
}

/** The first ten names at most. */
export function list(names: readonly string[]): string {
  return names.length > 10 ? `${names.slice(0, 9).join(", ")} and ${names.length - 9} more` : names.join(", ");
}
