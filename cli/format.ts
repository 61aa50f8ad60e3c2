/** How numbers look to people. */

/** 0.954 as "95.4 %". */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** 22630711 as "22.6 MB". */
export function bytesText(bytes: number): string {
  for (const [unit, size] of BYTE_UNITS) if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  return `${bytes} bytes`;
}

const BYTE_UNITS = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
] as const;

/** 1814073344 as "1.81 G". */
export function countText(count: number): string {
  for (const [unit, size] of COUNT_UNITS) if (count >= size) return `${(count / size).toPrecision(3)} ${unit}`;
  return String(count);
}

const COUNT_UNITS = [
  ["G", 1e9],
  ["M", 1e6],
  ["k", 1e3],
] as const;

/** "1 photo", "2 photos". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A label and its weight: "cat 0.97". */
export function labelText({ label, weight }: { readonly label: string; readonly weight: number }): string {
  return `${label} ${weight.toFixed(2)}`;
}

/** Text of at most `width` characters: the middle gives way. */
export function shortened(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  const head = Math.floor((width - 1) / 2);
  return `${characters.slice(0, head).join("")}\u2026${characters.slice(characters.length - (width - 1 - head)).join("")}`;
}
