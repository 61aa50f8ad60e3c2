import { readFileSync } from "node:fs";
import { decodeModel } from "/work/main/toolkit/onnx/decode.ts";
import { encodeModel } from "/work/main/toolkit/onnx/encode.ts";
import { normalise, sizeDependence } from "/work/main/toolkit/passes/normalise.ts";
import { printGraph } from "/work/main/toolkit/graph/print.ts";
import * as ort from "onnxruntime-node";
const dir = "/work/main/test/fixtures/forms/";
const { forms } = JSON.parse(readFileSync(dir + "forms.json", "utf8"));
const ref = JSON.parse(readFileSync(dir + "reference.json", "utf8"));
const dec = (t: any) => new Float32Array(Uint8Array.from(Buffer.from(t.data, "base64")).buffer);
const only = process.argv[2];
for (const [name, form] of Object.entries<any>(forms)) {
  if (only && only !== name) continue;
  try {
    const m = decodeModel(readFileSync(dir + form.file), { name, readExternal: (l: string, o: number, n?: number) => { const b = readFileSync(dir + l); return new Uint8Array(b.subarray(o, n === undefined ? undefined : o + n)); } } as any);
    const n = normalise(m);
    if (only) console.log(printGraph(n.graph));
    const ops = new Map<string, number>(); for (const x of n.graph.nodes) ops.set(x.op, (ops.get(x.op) ?? 0) + 1);
    const s = await ort.InferenceSession.create(encodeModel(n));
    const x = new ort.Tensor("float32", dec(ref.input), ref.input.shape);
    const out = await s.run({ [n.graph.inputs[0]!.name]: x });
    const key = n.graph.outputs[0]!.name;
    const got = out[key]!.data as Float32Array;
    const r = ref.forms[name];
    const want = dec(form.softmax ? r.probabilities : r.logits ?? r);
    let d = 0; want.forEach((v, i) => d = Math.max(d, Math.abs(v - got[i]!)));
    console.log(name, d.toExponential(1), n.graph.inputs.map(v => v.name + "[" + v.shape + "]").join(), n.graph.outputs.map(v => v.name + "[" + v.shape + "]").join(), [...ops].map(([a, b]) => a + b).join(" "), sizeDependence(n.graph) ?? "", n.graph.constants.has(form.headWeight) ? "" : "NO HEAD WEIGHT NAME " + form.headWeight);
  } catch (e) { console.log(name, "FAILED", only ? e : String(e).slice(0, 300)); }
}
