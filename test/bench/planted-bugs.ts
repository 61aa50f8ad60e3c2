/**
 * Plants one bug at a time in a copy of the sources, and checks that the tests of that operator fail and those of no other: npm run planted-bugs.
 * Each is a mistake that a rule has: a sign, a factor, an axis, an operand, a case forgotten.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../support/fixtures.ts";

interface PlantedBug {
  /** The rule's file in toolkit/operators, whose test has the same name. */
  readonly rule: string;
  readonly about: string;
  readonly from: string;
  readonly to: string;
}

const bugs: readonly PlantedBug[] = [
  {
    rule: "conv",
    about: "the gradient of the filter reads the attributes' defaults",
    from: `b.gradient("ConvWeightGradient", [dy(), x(0), x(1)], attrs.all)`,
    to: `b.gradient("ConvWeightGradient", [dy(), x(0), x(1)], {})`,
  },
  {
    rule: "gemm",
    about: "the gradient of A takes a transposed B as it stands",
    from: `[dy(), x(1)], { transA: 0, transB: 1 - transB, alpha }`,
    to: `[dy(), x(1)], { transA: 0, transB: 1, alpha }`,
  },
  {
    rule: "sigmoid",
    about: "y (1 + y) for y (1 - y)",
    from: `b.op("Sub", [scalarLike(b, 1, y()), y()])`,
    to: `b.op("Add", [scalarLike(b, 1, y()), y()])`,
  },
  {
    rule: "softmax",
    about: "the gradient of LogSoftmax forgets exp",
    from: `[b.op("Exp", [y()]), sumOverAxis(b, dy(), attrs)]`,
    to: `[y(), sumOverAxis(b, dy(), attrs)]`,
  },
  {
    rule: "transpose",
    about: "the gradient permutes forward again",
    from: `perm.map((_, axis) => perm.indexOf(axis))`,
    to: `perm`,
  },
  {
    rule: "pad",
    about: "the gradient cuts at the other end",
    from: `pads.map((p) => 0 - p)`,
    to: `pads.map((_, i) => 0 - (pads[(i + pads.length / 2) % pads.length] ?? 0))`,
  },
  {
    rule: "where",
    about: "the gradient of the second branch is that of the first",
    from: `b.op("Where", [x(), scalarLike(b, 0, dy()), dy()])`,
    to: `b.op("Where", [x(), dy(), scalarLike(b, 0, dy())])`,
  },
  {
    rule: "cum-sum",
    about: "the gradient sums in the same direction",
    from: `reverse: 1 - attrs.int("reverse", 0)`,
    to: `reverse: attrs.int("reverse", 0)`,
  },
  {
    rule: "batch-normalization",
    about: "the gradient of scale takes x for x - mean",
    from: `b.op("Sub", [x(), perChannel(b, x(3), x())])`,
    to: `x()`,
  },
];

/** Inside the repository, so that packages are found, and where git looks away. */
const copy = join(root, ".build", "planted");

function prepare(): void {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  const filter = (path: string): boolean => path !== join(root, "test/fixtures");
  for (const part of ["toolkit", "test", "package.json", "tsconfig.json"])
    cpSync(join(root, part), join(copy, part), { recursive: true, filter });
}

/** The test files that fail in the copy, and how many tests there are. */
function failing(): { readonly files: readonly string[]; readonly tests: number } {
  const mocha = join(root, "node_modules/mocha/bin/mocha.js");
  const options = [
    "--no-config",
    "--timeout",
    "60000",
    "--reporter",
    "json",
    "--import=tsx",
    "test/operators/*.test.ts",
  ];
  const run = spawnSync(process.execPath, [mocha, ...options], { cwd: copy, encoding: "utf8", maxBuffer: 1 << 28 });
  const start = run.stdout.indexOf('{\n  "stats"');
  if (start < 0) throw new Error(`mocha did not report:\n${run.stderr.slice(-2000)}`);
  const report = JSON.parse(run.stdout.slice(start)) as {
    readonly stats: { readonly tests: number };
    readonly failures: readonly { readonly file: string }[];
  };
  const files = new Set(report.failures.map(({ file }) => basename(file)));
  return { files: [...files].sort(), tests: report.stats.tests };
}

/** The files that fail with a bug in its place. */
function plant({ rule, from, to }: PlantedBug): readonly string[] {
  const file = join(copy, "toolkit/operators", `${rule}.ts`);
  const text = readFileSync(file, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${rule}.ts has no single place that says: ${from}`);
  writeFileSync(
    file,
    text.replace(from, () => to),
  );
  try {
    return failing().files;
  } finally {
    writeFileSync(file, text);
  }
}

prepare();
try {
  const { files, tests } = failing();
  if (files.length > 0) throw new Error(`without a bug these fail: ${files.join(", ")}`);
  console.log(`${tests} tests pass without a bug`);
  for (const bug of bugs) {
    const found = plant(bug);
    const right = found.length === 1 && found[0] === `${bug.rule}.test.ts`;
    if (!right) process.exitCode = 1;
    const what = found.length === 0 ? "no test fails" : `fails: ${found.join(", ")}`;
    console.log(`${right ? "found" : "WRONG"}  ${bug.rule.padEnd(20)} ${bug.about}; ${what}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
