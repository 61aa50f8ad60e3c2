/** Sets of the numbers 0 to count - 1, each by itself at first. */
export interface DisjointSets {
  /** The same number for all of a set. */
  find(i: number): number;
  join(i: number, j: number): void;
}

/** Sets that are joined (union-find with path halving). */
export function disjointSets(count: number): DisjointSets {
  const parents = Int32Array.from({ length: count }, (_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (parents[at] !== at) {
      const next = parents[parents[at] ?? at] ?? at;
      parents[at] = next;
      at = next;
    }
    return at;
  };
  return {
    find,
    join(i, j) {
      const [a, b] = [find(i), find(j)];
      parents[Math.max(a, b)] = Math.min(a, b);
    },
  };
}
