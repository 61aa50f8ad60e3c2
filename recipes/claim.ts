/** What a recipe says, whether it came out so, and the figures that it is judged by. */
export interface Claim {
  readonly text: string;
  /** Undefined where this run cannot tell, as one on made-up pictures. */
  readonly holds: boolean | undefined;
  readonly figures: string;
}

/** Prints each claim with its figures; false where one does not hold. */
export function sayClaims(claims: readonly Claim[], say: (line: string) => void): boolean {
  say("");
  for (const { text, holds, figures } of claims) {
    say(`Claim: ${text}`);
    say(`   ${holds === undefined ? "not judged" : holds ? "holds" : "DOES NOT HOLD"}: ${figures}`);
  }
  return claims.every(({ holds }) => holds !== false);
}
