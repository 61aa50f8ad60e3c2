import type { IndexedPhoto } from "../../toolkit/search/photo.ts";

/** A query as a tree, from which tests print text and compute the right answer in the most naive way. */
export type Tree =
  | { readonly kind: "term"; readonly name: string; readonly bound: string; readonly boost: number }
  | { readonly kind: "and" | "or"; readonly of: readonly Tree[] }
  | { readonly kind: "not"; readonly of: Tree };

export function printTree(tree: Tree): string {
  if (tree.kind === "not") return `-(${printTree(tree.of)})`;
  if (tree.kind !== "term") return `(${tree.of.map(printTree).join(tree.kind === "and" ? " " : " OR ")})`;
  const name = tree.name.includes(" ") ? `"${tree.name}"` : tree.name;
  return `${name}${tree.bound}${tree.boost === 1 ? "" : `^${tree.boost}`}`;
}

interface Answer {
  readonly imageId: bigint;
  readonly score: number;
  readonly paths: readonly string[];
}

/** An index that keeps plain lists and looks at everything each time. */
export class Oracle {
  readonly files: Map<string, string> = new Map();
  readonly failed: Map<string, string> = new Map();
  readonly photos: Map<string, IndexedPhoto> = new Map();

  add(photo: IndexedPhoto): void {
    this.failed.delete(photo.path);
    this.files.set(photo.path, photo.sha256);
    this.photos.set(photo.sha256, photo);
    this.#sweep();
  }

  addFailed(path: string, code: string): void {
    this.files.delete(path);
    this.failed.set(path, code);
    this.#sweep();
  }

  remove(path: string): boolean {
    const known = this.files.delete(path) || this.failed.delete(path);
    this.#sweep();
    return known;
  }

  pathsOf(sha256: string): string[] {
    return [...this.files].flatMap(([path, content]) => (content === sha256 ? path : [])).sort();
  }

  counts(): [string, number][] {
    const names = new Set([...this.photos.values()].flatMap((photo) => Array.from(weights(photo).keys())));
    const counts = [...names].map((name): [string, number] => [name, this.#with([name])]);
    return counts.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }

  search(tree: Tree, known: readonly string[], rank: "weight" | "cosine"): Answer[] {
    const answers = [...this.photos].flatMap(([sha256, photo]) => {
      const rated = rate(tree, weights(photo), known);
      if (!rated.ok) return [];
      const score = rank === "weight" ? (rated.score ?? 0) / 1e6 : this.#cosine(tree, photo, known);
      return { imageId: BigInt(`0x${sha256}`) >> 193n, score, paths: this.pathsOf(sha256) };
    });
    return answers.sort((a, b) => b.score - a.score || (a.imageId < b.imageId ? -1 : 1));
  }

  /** A model's photos must be compared among themselves only. */
  similar(path: string): { imageId: bigint; score: number }[] | undefined {
    const target = this.photos.get(this.files.get(path) ?? "");
    if (!target?.features) return undefined;
    const a = target.features;
    return [...this.photos.values()]
      .flatMap((photo) => {
        if (photo === target || !photo.features || photo.model.sha256 !== target.model.sha256) return [];
        const b = photo.features;
        const dot = a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
        const length = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0) * b.reduce((sum, x) => sum + x * x, 0));
        return { imageId: BigInt(`0x${photo.sha256}`) >> 193n, score: length === 0 ? 0 : dot / length };
      })
      .sort((x, y) => y.score - x.score || (x.imageId < y.imageId ? -1 : 1));
  }

  #sweep(): void {
    for (const sha256 of this.photos.keys()) if (this.pathsOf(sha256).length === 0) this.photos.delete(sha256);
  }

  #with(names: readonly string[]): number {
    return [...this.photos.values()].filter((photo) => names.some((name) => weights(photo).has(name))).length;
  }

  #cosine(tree: Tree, photo: IndexedPhoto, known: readonly string[]): number {
    const groups = new Map<string, { names: string[]; factor: number; min: number }>();
    for (const term of positive(tree)) {
      const names = namesOf(term.name, known);
      const carriers = names.reduce((sum, name) => sum + this.#with([name]), 0);
      const idf = Math.log(1 + this.photos.size / Math.max(1, Math.min(this.photos.size, carriers)));
      const factor = Math.max(1, Math.round(term.boost * 1000 * idf));
      const group = groups.get(names.join("\n")) ?? { names, factor: 0, min: Infinity };
      const min = Math.min(group.min, leastPpm(term));
      groups.set(names.join("\n"), { names, factor: group.factor + factor, min });
    }
    const held = weights(photo);
    let dot = 0;
    let square = 0;
    for (const { names, factor, min } of groups.values()) {
      const weight = Math.max(0, ...names.map((name) => held.get(name) ?? 0));
      dot += factor * (weight >= min ? weight : 0);
      square += factor * factor;
    }
    const norm = Math.round(Math.sqrt([...held.values()].reduce((sum, w) => sum + w * w, 0)));
    return square === 0 ? 0 : dot / Math.max(1, norm) / Math.sqrt(square);
  }
}

function weights(photo: IndexedPhoto): Map<string, number> {
  return new Map(
    photo.labels.map(({ label, weight }) => [label, Math.round(weight * 1e6)] as const).filter(([, w]) => w > 0),
  );
}

function namesOf(name: string, known: readonly string[]): string[] {
  const escaped = name
    .toLowerCase()
    .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*");
  return known.filter((label) => new RegExp(`^${escaped}$`, "s").test(label.toLowerCase()));
}

function leastPpm(term: Extract<Tree, { kind: "term" }>): number {
  const [, operator, value] = /^([<>:]=?)(.*)$/.exec(term.bound) ?? [];
  if (value === undefined) return 1;
  return Math.round(Number(value) * 1e6) + (operator === ">" || operator === ":" || operator === "<=" ? 1 : 0);
}

function positive(tree: Tree): Extract<Tree, { kind: "term" }>[] {
  if (tree.kind === "term") return tree.bound.startsWith("<") ? [] : [tree];
  return tree.kind === "not" ? [] : tree.of.flatMap(positive);
}

function rate(
  tree: Tree,
  held: ReadonlyMap<string, number>,
  known: readonly string[],
): { ok: boolean; score?: number } {
  if (tree.kind === "not") return { ok: !rate(tree.of, held, known).ok };
  if (tree.kind === "term") {
    const weight = Math.max(0, ...namesOf(tree.name, known).map((name) => held.get(name) ?? 0));
    const reached = weight >= leastPpm(tree);
    return tree.bound.startsWith("<") ? { ok: !reached } : { ok: reached, score: reached ? weight * tree.boost : 0 };
  }
  const parts = tree.of.map((part) => rate(part, held, known));
  const scores = parts.flatMap((part) => part.score ?? []);
  const ok = tree.kind === "and" ? parts.every((part) => part.ok) : parts.some((part) => part.ok);
  if (scores.length === 0) return { ok };
  if (tree.kind === "or") return { ok, score: Math.max(...scores) };
  return { ok, score: ok ? Math.min(...scores) : 0 };
}
