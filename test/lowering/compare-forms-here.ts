/** `node compare-forms-here.js SEED...`: prints, as JSON, this machine's block size and where blocked forms of random networks differ from plain ones. */
import { machineBlockSize } from "../support/blocked.ts";
import { compareForms } from "../support/compare-forms.ts";
import { randomNetwork } from "../support/random-network.ts";

/** What is printed. */
export interface Here {
  readonly block: number;
  readonly differences: readonly string[];
  /** The formulations that were taken. */
  readonly forms: readonly string[];
}

const OPERATORS = 9;

async function compareHere(seeds: readonly number[]): Promise<Here> {
  const block = await machineBlockSize();
  const differences: string[] = [];
  const forms = new Set<string>();
  for (const seed of seeds) {
    const found = await compareForms(randomNetwork(seed, OPERATORS), { block, laid: true });
    differences.push(...found.differences.map((line) => `network ${seed}: ${line}`));
    for (const form of found.forms.keys()) forms.add(form);
  }
  return { block, differences, forms: [...forms] };
}

console.log(JSON.stringify(await compareHere(process.argv.slice(2).map(Number))));
