/**
 * TensorFlow.js's side of the benchmark, as networks.py: reads one JSON request a line, does that work once, and answers with the seconds it took.
 * Its argument is a folder with tfjs and tfjs-backend-wasm in node_modules/. Work: "inference" (cifar-convnet), "step" (head), "transfer"
 * (mobilenet-v2), with random weights and BatchNorm folded; the operators are those that its converter writes, convolutions with bias and activation.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { layersOf, mobilenetV2 } from "./tfjs-networks.mjs";

const installed = createRequire(join(process.argv[2] ?? ".", "package.json"));
const tf = installed("@tensorflow/tfjs");
const { version_wasm: version } = installed("@tensorflow/tfjs-backend-wasm");

const { conv, dense, sequence } = layersOf(tf);

const CLASSES = 10;

function cifarConvnet() {
  const layers = [];
  let before = 3;
  for (const width of [32, 64, 64]) {
    layers.push(conv(before, width, 5, { activation: "relu" }), (x) => tf.maxPool(x, 2, 2, "valid"));
    before = width;
  }
  return sequence([...layers, (x) => tf.reshape(x, [-1, 1024]), dense(1024, 1000, "relu"), dense(1000, CLASSES)]);
}

/** A step of a dense layer by SGD with momentum. */
function headStep(batch, width) {
  const bound = 1 / Math.sqrt(width);
  const weight = tf.variable(tf.randomUniform([width, CLASSES], -bound, bound));
  const bias = tf.variable(tf.zeros([CLASSES]));
  const target = tf.oneHot(
    Array.from({ length: batch }, (_, i) => i % CLASSES),
    CLASSES,
  );
  const optimizer = tf.train.momentum(1e-6, 0.9);
  return (features) =>
    optimizer.minimize(() => tf.losses.softmaxCrossEntropy(target, tf.add(tf.matMul(features, weight), bias)), true, [
      weight,
      bias,
    ]);
}

/** What is done once, ending in a tensor whose numbers are waited for. */
function openWork({ network, work, batch, size }) {
  const pictures = network === "head" ? undefined : tf.randomNormal([batch, size, size, 3]);
  switch (`${work} ${network}`) {
    case "step head": {
      const features = tf.randomNormal([batch, size]);
      const step = headStep(batch, size);
      return () => step(features);
    }
    case "transfer mobilenet-v2": {
      const backbone = mobilenetV2(tf);
      const step = headStep(batch, 1280);
      return () => step(backbone(pictures));
    }
    case "inference cifar-convnet": {
      const net = cifarConvnet();
      return () => net(pictures);
    }
    default:
      throw new Error(`Cannot measure ${work} of ${network} by TensorFlow.js: expected another work`);
  }
}

async function run(work) {
  const result = tf.tidy(work);
  await result.data();
  result.dispose();
}

await tf.setBackend("wasm");
await tf.ready();
console.log(JSON.stringify({ tfjs: version, backend: tf.getBackend() }));
let opened;
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (opened?.line !== line) {
    opened = { line, work: openWork(request) };
    for (let i = 0; i < request.warmUps; i++) await run(opened.work);
  }
  const start = performance.now();
  for (let i = 0; i < request.repeats; i++) await run(opened.work);
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000 / request.repeats }));
}
