import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { createOutput, printable } from "../../cli/output.ts";
import type { Output, OutputOptions } from "../../cli/output.ts";
import { ToolkitError } from "../../toolkit/errors.ts";

const ESC = "\u001b";

interface Captured {
  readonly out: Output;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

function captured(options: Partial<OutputOptions> = {}): Captured {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map((stream) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    return () => text;
  });
  const out = createOutput({ json: false, stdout, stderr, isTTY: false, columns: 80, color: false, ...options });
  return { out, stdout: () => texts[0]?.() ?? "", stderr: () => texts[1]?.() ?? "" };
}

describe("cli/output", () => {
  it("data(), json() and table() go to stdout, say() and warn() to stderr", () => {
    const { out, stdout, stderr } = captured();
    out.data("a\tb");
    out.json({ file: "x", n: 1 });
    out.table([["x", 1]]);
    out.say("one\ntwo");
    out.warn("three");
    assert.equal(stdout(), 'a\tb\n{"file":"x","n":1}\nx  1\n');
    assert.equal(stderr(), "one\ntwo\nwarning: three\n");
  });

  it("data() and table() are left out where JSON is wanted", () => {
    const { out, stdout } = captured({ json: true });
    out.data("a");
    out.table([["x", 1]]);
    out.json([1]);
    assert.equal(stdout(), "[1]\n");
    assert.equal(out.wantsJson, true);
  });

  it("error() prints code, message and hint, and no stack", () => {
    const { out, stderr } = captured();
    out.error(new ToolkitError("E_QUERY", 'Cannot parse "a AND"', { hint: "quote it" }));
    assert.equal(stderr(), 'error[E_QUERY]: Cannot parse "a AND"\nhint: quote it\n');
    const plain = captured();
    plain.out.error(Object.assign(new Error("no such file"), { code: "ENOENT" }));
    assert.equal(plain.stderr(), "error[ENOENT]: no such file\n");
    const unknown = captured();
    unknown.out.error("boom");
    assert.match(unknown.stderr(), /^error: boom\nhint: .*report it\n$/);
  });

  it("colours stand only where they are wanted", () => {
    const error = new ToolkitError("E_USAGE", "Cannot x");
    const [plain, colored] = [captured(), captured({ color: true })];
    for (const { out } of [plain, colored]) out.error(error);
    assert.equal(plain.stderr(), "error[E_USAGE]: Cannot x\n");
    assert.equal(colored.stderr(), `${ESC}[31merror[E_USAGE]:${ESC}[0m Cannot x\n`);
  });

  it("control characters in names come out escaped, in JSON too, where the value stays the same", () => {
    const name = `a${ESC}[2J\n\u009b\u202egpj`;
    assert.equal(printable(name), "a\\u001b[2J\\n\\u009b\\u202egpj");
    const { out, stdout, stderr } = captured();
    out.data(name);
    out.table([[name]]);
    out.json({ name });
    out.warn(name);
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    assert.doesNotMatch(stdout() + stderr(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.deepEqual(JSON.parse(stdout().split("\n")[2] ?? ""), { name });
  });

  it("table() lines up columns of wide characters, numbers to the right, without borders or trailing blanks", () => {
    const { out, stdout } = captured();
    const rows = [
      ["ants", 3, "a"],
      ["猫猫", 120, ""],
    ];
    out.table(rows, ["label", "count", "note"]);
    assert.equal(stdout(), "label  count  note\nants       3  a\n猫猫     120\n");
  });

  it("progress() off a terminal prints a line every ten seconds, and the last state at the end", () => {
    let ms = 0;
    const { out, stdout, stderr } = captured({ now: () => ms });
    const progress = out.progress({ total: 40, label: "epoch 1/3" });
    for (let step = 1; step <= 40; step++) {
      ms += 300;
      progress.update(step, { loss: 1 / step, accuracy: step / 40, imagesPerSecond: 17.34 });
    }
    progress.stop();
    progress.stop();
    assert.equal(
      stderr(),
      "epoch 1/3 34/40, loss 0.029, accuracy 85.0 %, 17.3 img/s, 0:02 left\n" +
        "epoch 1/3 40/40, loss 0.025, accuracy 100.0 %, 17.3 img/s, 0:12\n",
    );
    assert.equal(stdout(), "");
  });

  it("progress() that is transient leaves nothing behind", () => {
    const { out, stderr } = captured();
    const progress = out.progress({ total: 4, label: "x", transient: true });
    progress.update(4);
    progress.stop();
    assert.equal(stderr(), "");
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    let text = "";
    terminal.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const shown = captured({ stderr: terminal, isTTY: true }).out.progress({ total: 4, label: "x", transient: true });
    shown.update(4);
    shown.stop();
    assert.ok(text.endsWith(`${ESC}[1G${ESC}[2K`), "the line is cleared");
  });

  it("progress() on a terminal draws a bar on stderr; what is said meanwhile stands on its own line", () => {
    const stderr = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 100,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    });
    let text = "";
    stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const { out, stdout } = captured({ stderr, isTTY: true, columns: 100 });
    const progress = out.progress({ total: 4, label: `x${ESC}` });
    progress.update(2, { loss: 0.5 });
    out.say("half way");
    progress.update(4);
    progress.stop();
    out.say("end");
    assert.match(text, /x\\u001b \u2591+ 0\/4/);
    assert.ok(text.includes(`\r${ESC}[Khalf way\n`));
    assert.match(text, /4\/4, 0:00/);
    assert.ok(text.endsWith("end\n") && !text.endsWith(`${ESC}[Kend\n`));
    assert.equal(stdout(), "");
  });

  it("progress() leaves signals alone: a checkpoint must be written before the end", () => {
    const before = process.listenerCount("SIGINT");
    const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    const progress = captured({ stderr, isTTY: true }).out.progress({ total: 2, label: "x" });
    assert.equal(process.listenerCount("SIGINT"), before);
    progress.stop();
  });

  it("a closed pipe on stdout is no error: writing stops and `closed` says so", async () => {
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
    });
    const { out } = captured({ stdout });
    out.data("one");
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(out.closed, true);
    out.data("two");
  });
});
