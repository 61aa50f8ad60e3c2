import type { GoldenCase } from "./golden-case.ts";

/** Runs a case with a formulation forced on, in standard operators and in blocks of `blockSize`: whether it served in either. */
export async function runForm({ runWith }: GoldenCase, form: string, blockSize: number): Promise<boolean> {
  const plain = (await runWith?.({ forced: form })) ?? false;
  const blocked = blockSize > 0 && ((await runWith?.({ forced: form, blockSize })) ?? false);
  return plain || blocked;
}
