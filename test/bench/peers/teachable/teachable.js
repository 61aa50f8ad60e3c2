/**
 * What a page in the way of Teachable Machine does with photos: the features of a MobileNetV2 of width 0.35 at 224 px, one photo after the other, and on
 * them a head of 100 hidden units, by Adam at 1e-3, batches of 16, 50 epochs, 85 % of the photos. Its backbone's weights are random: they take as long.
 * The files' names begin with their class and "/". What it took is written into <output> as JSON.
 */
import { mobilenetV2 } from "./tfjs-networks.mjs";

const { tf } = globalThis;
const PX = 224;
const SHARE = 0.85;

const output = document.querySelector("output");
const query = new URLSearchParams(location.search);
tf.wasm.setWasmPaths("./");
tf.wasm.setThreadsCount(Number(query.get("threads") ?? 2));
await tf.setBackend("wasm");
await tf.ready();
const backbone = mobilenetV2(tf, { alpha: 0.35 });
// as both pages are measured: loaded and warm
tf.tidy(() => backbone(tf.zeros([1, PX, PX, 3])).dataSync());

/** The middle of a photo, [1,224,224,3] in -1..1. */
async function read(file) {
  const photo = await createImageBitmap(file);
  const side = Math.min(photo.width, photo.height);
  const canvas = new OffscreenCanvas(PX, PX);
  const at = [(photo.width - side) / 2, (photo.height - side) / 2, side, side];
  canvas.getContext("2d").drawImage(photo, ...at, 0, 0, PX, PX);
  return tf.tidy(() => tf.browser.fromPixels(canvas).toFloat().div(127.5).sub(1).expandDims());
}

/** `classes`: the files of each. */
async function learn(classes) {
  const began = performance.now();
  const files = classes.flat();
  const rows = [];
  for (const file of files) {
    const picture = await read(file);
    rows.push(tf.tidy(() => backbone(picture)));
    picture.dispose();
  }
  const features = tf.concat(rows);
  await features.data();
  const known = performance.now();
  const places = classes.flatMap((own, place) => own.map(() => place));
  const labels = tf.oneHot(places, classes.length);
  const head = tf.sequential({
    layers: [
      tf.layers.dense({ units: 100, activation: "relu", inputShape: [features.shape[1]] }),
      tf.layers.dense({ units: classes.length, activation: "softmax", useBias: false }),
    ],
  });
  head.compile({ optimizer: tf.train.adam(1e-3), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  await head.fit(features, labels, { epochs: 50, batchSize: 16, shuffle: true, validationSplit: 1 - SHARE });
  const ended = performance.now();
  return { photos: files.length, featureSeconds: (known - began) / 1000, headSeconds: (ended - known) / 1000 };
}

const fields = Array.from({ length: Number(query.get("classes") ?? 2) }, () => {
  const field = document.createElement("input");
  field.type = "file";
  field.multiple = true;
  return field;
});
document.querySelector("form").append(...fields);
const button = document.querySelector("button");
button.addEventListener("click", () => {
  learn(fields.map(({ files }) => Array.from(files))).then(
    (result) => (output.textContent = JSON.stringify(result)),
    (error) => (output.textContent = JSON.stringify({ error: String(error) })),
  );
});
button.disabled = false;
