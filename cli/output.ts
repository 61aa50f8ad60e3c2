import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import { errorCode, errorMessage } from "../toolkit/errors.ts";

export interface OutputOptions {
  /** Whether stdout carries JSON: then data and tables, which are for people, are left out. */
  readonly json: boolean;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Whether stderr is a terminal, on which a bar can be drawn. */
  readonly isTTY: boolean;
  /** Characters in a line of stderr. */
  readonly columns: number;
  /** Characters in a line of stdout; unlimited where absent. */
  readonly dataColumns?: number;
  readonly color: boolean;
  /** Milliseconds that never go back; the process's own clock where absent. */
  readonly now?: () => number;
}

export type Cell = string | number;

export interface ProgressState {
  readonly loss?: number;
  /** 0..1. */
  readonly accuracy?: number;
  readonly imagesPerSecond?: number;
}

export interface Progress {
  update(done: number, state?: ProgressState): void;
  /** Ends the bar; off a terminal prints the last state. */
  stop(): void;
}

/** Where a command writes: data to stdout, talk to stderr. Control characters come out escaped, whatever a file is called. */
export interface Output {
  /** Whether the user asked for JSON. */
  readonly wantsJson: boolean;
  /** Whether nobody reads stdout any more (`| head`): a command that goes on for long may stop. */
  readonly closed: boolean;
  /** One line of data for people. */
  data(line: string): void;
  /** One JSON value on one line. */
  json(value: unknown): void;
  say(text: string): void;
  warn(text: string): void;
  /** `error[CODE]: message`, and `hint: ...` where there is one. */
  error(error: unknown): void;
  /** Data for people in columns; numbers stand right. */
  table(rows: readonly (readonly Cell[])[], head?: readonly string[]): void;
  progress(options: ProgressOptions): Progress;
  /** Characters in a line of stdout; unlimited where it is no terminal. */
  readonly columns: number;
}

export interface ProgressOptions {
  readonly total: number;
  readonly label: string;
  /** Leaves nothing behind when it ends: whoever shows it prints a line of its own then. */
  readonly transient?: boolean;
}

/** Off a terminal a line of progress is printed no more often than this. */
const QUIET_MS = 10_000;

export function createOutput(options: OutputOptions): Output {
  const { json, stdout, stderr, color } = options;
  let closed = false;
  let barShown = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    // somebody who has read enough closes the pipe: no fault of ours
    if (error.code !== "EPIPE") throw error;
    closed = true;
  });
  stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const write = (text: string) => {
    if (!closed) stdout.write(`${text}\n`);
  };
  const talk = (text: string) => {
    // the bar is drawn anew below the text
    stderr.write(`${barShown ? "\r\u001b[K" : ""}${text}\n`);
  };
  return {
    wantsJson: json,
    get closed() {
      return closed;
    },
    data: (line) => json || write(printable(line)),
    json: (value) => write(jsonLine(value)),
    say: (text) => talk(printableLines(text)),
    warn: (text) => talk(`${paint(33, "warning:")} ${printableLines(text)}`),
    error(error) {
      const { code, message, hint } = describe(error);
      talk(`${paint(31, code === undefined ? "error:" : `error[${code}]:`)} ${printableLines(message)}`);
      if (hint !== undefined) talk(`${paint(36, "hint:")} ${printableLines(hint)}`);
    },
    table: (rows, head) => json || write(tableText(rows, head)),
    columns: options.dataColumns ?? Infinity,
    progress({ total, label, transient = false }) {
      const now = options.now ?? (() => performance.now());
      const shown = { total, label: printable(label), transient };
      if (!options.isTTY) return plainProgress(shown, now, talk);
      barShown = true;
      const bar = barProgress(shown, now, options);
      return {
        update: (done, state) => bar.update(done, state),
        stop() {
          if (barShown) bar.stop();
          barShown = false;
        },
      };
    },
  };
}

/** The output of this process. Colour follows https://no-color.org and FORCE_COLOR, else it is for terminals. */
export function processOutput({ json }: { readonly json: boolean }): Output {
  const { stdout, stderr, env } = process;
  const isTTY = stderr.isTTY && env["TERM"] !== "dumb";
  const color = !env["NO_COLOR"] && (isTTY || (env["FORCE_COLOR"] ?? "0") !== "0");
  const columns = stderr.columns || 80;
  const wide = stdout.isTTY ? { dataColumns: stdout.columns || 80 } : {};
  return createOutput({ json, stdout, stderr, isTTY, columns, color, ...wide });
}

/** Text on one line: control characters and those that turn the reading direction are written as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (c) => ESCAPES[c] ?? escapeOf(c));
}

const ESCAPES: Readonly<Record<string, string>> = { "\t": "\t", "\n": "\\n", "\r": "\\r" };

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** JSON whose escapes also cover what a terminal would obey; still the same value. */
function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escapeOf);
}

function describe(error: unknown): { code: string | undefined; message: string; hint: string | undefined } {
  const code = errorCode(error);
  const given = error instanceof Error && "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  const hint =
    given ?? (code === undefined ? "this looks like a fault of onnx-graft itself; please report it" : undefined);
  return { code, message: errorMessage(error), hint };
}

function tableText(rows: readonly (readonly Cell[])[], head?: readonly string[]): string {
  const width = Math.max(head?.length ?? 0, ...rows.map((r) => r.length));
  const numeric = Array.from(
    { length: width },
    (_, i) => rows.length > 0 && rows.every((r) => typeof (r[i] ?? 0) === "number"),
  );
  const table = new Table({
    chars: NO_BORDERS,
    style: { "padding-left": 0, "padding-right": 2, head: [], border: [], compact: true },
    colAligns: numeric.map((n) => (n ? "right" : "left")),
  });
  const lines = head ? [head, ...rows] : rows;
  // every row full: a missing cell would shift its neighbours
  table.push(...lines.map((r) => Array.from({ length: width }, (_, i) => printable(String(r[i] ?? "")))));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const BORDERS =
  "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle";
const NO_BORDERS = Object.fromEntries(BORDERS.split(" ").map((part) => [part, ""]));

function barProgress(
  { label, total, transient }: Required<ProgressOptions>,
  now: () => number,
  { stderr, columns }: OutputOptions,
): Progress {
  const start = now();
  const bar = new SingleBar({
    stream: stderr,
    format: "{label} {bar} {value}/{total}{rest}",
    barsize: Math.max(8, Math.min(30, columns - label.length - 62)),
    barCompleteChar: "\u2588",
    barIncompleteChar: "\u2591",
    // its own signal handlers would end the process before a checkpoint is written, and a hidden cursor would stay hidden
    gracefulExit: false,
    hideCursor: false,
    // nor should a process that ends at once leave a terminal that does not wrap lines
    linewrap: true,
    forceRedraw: true,
    clearOnComplete: transient,
    noTTYOutput: false,
  });
  bar.start(total, 0, { label, rest: "" });
  return {
    update: (done, state = {}) => bar.update(done, { rest: details(done, total, now() - start, state) }),
    stop: () => bar.stop(),
  };
}

function plainProgress(
  { label, total, transient }: Required<ProgressOptions>,
  now: () => number,
  talk: (text: string) => void,
): Progress {
  const start = now();
  let said = start;
  let unsaid: string | null = null;
  const print = (line: string) => {
    talk(line);
    said = now();
    unsaid = null;
  };
  return {
    update(done, state = {}) {
      unsaid = `${label} ${done}/${total}${details(done, total, now() - start, state)}`;
      if (now() - said >= QUIET_MS) print(unsaid);
    },
    stop() {
      if (unsaid !== null && !transient) print(unsaid);
    },
  };
}

function details(
  done: number,
  total: number,
  elapsedMs: number,
  { loss, accuracy, imagesPerSecond }: ProgressState,
): string {
  const parts = [
    loss === undefined ? "" : `loss ${loss.toFixed(3)}`,
    accuracy === undefined ? "" : `accuracy ${(accuracy * 100).toFixed(1)} %`,
    imagesPerSecond === undefined ? "" : `${imagesPerSecond.toFixed(imagesPerSecond < 100 ? 1 : 0)} img/s`,
    done > 0 && done < total ? `${clock((elapsedMs / done) * (total - done))} left` : "",
    done >= total ? clock(elapsedMs) : "",
  ];
  return parts.flatMap((p) => (p === "" ? [] : [`, ${p}`])).join("");
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${twoDigits(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
}

function twoDigits(n: number): string {
  return String(n).padStart(2, "0");
}
