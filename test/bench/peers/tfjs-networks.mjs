/** TensorFlow.js's layers with random weights, BatchNorm folded, as its converter writes them: convolutions with bias and activation. [N,H,W,C]. */
export function layersOf(tf) {
  /** A convolution that keeps the size but for its stride. */
  function conv(inputs, outputs, kernel, { strides = 1, activation } = {}) {
    const filter = tf.randomNormal([kernel, kernel, inputs, outputs], 0, Math.sqrt(2 / (outputs * kernel * kernel)));
    const bias = tf.zeros([outputs]);
    return (x) => tf.fused.conv2d({ x, filter, strides, pad: "same", bias, activation });
  }

  function depthwise(channels, strides) {
    const filter = tf.randomNormal([3, 3, channels, 1], 0, Math.sqrt(2 / 9));
    const bias = tf.zeros([channels]);
    return (x) => tf.fused.depthwiseConv2d({ x, filter, strides, pad: "same", bias, activation: "relu6" });
  }

  function dense(inputs, outputs, activation) {
    const b = tf.randomUniform([inputs, outputs], -1 / Math.sqrt(inputs), 1 / Math.sqrt(inputs));
    const bias = tf.zeros([outputs]);
    return (a) => tf.fused.matMul({ a, b, bias, activation });
  }

  const sequence = (layers) => (x) => layers.reduce((value, layer) => layer(value), x);

  function inverted(inputs, outputs, strides, expansion) {
    const width = inputs * expansion;
    const widen = expansion === 1 ? [] : [conv(inputs, width, 1, { activation: "relu6" })];
    const layers = sequence([...widen, depthwise(width, strides), conv(width, outputs, 1)]);
    return strides === 1 && inputs === outputs ? (x) => tf.add(x, layers(x)) : layers;
  }

  return { conv, dense, sequence, inverted };
}

/** MobileNetV2 up to its 1280 features; with `alpha`, its widths times that, in steps of eight (Sandler et al. 2018). */
export function mobilenetV2(tf, { alpha = 1 } = {}) {
  const { conv, sequence, inverted } = layersOf(tf);
  const width = (channels) => {
    const wanted = channels * alpha;
    const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
    return rounded < 0.9 * wanted ? rounded + 8 : rounded;
  };
  let before = width(32);
  const layers = [conv(3, before, 3, { strides: 2, activation: "relu6" })];
  for (const [expansion, channels, blocks, strides] of [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ]) {
    for (let i = 0; i < blocks; i++) {
      layers.push(inverted(before, width(channels), i === 0 ? strides : 1, expansion));
      before = width(channels);
    }
  }
  return sequence([...layers, conv(before, 1280, 1, { activation: "relu6" }), (x) => tf.mean(x, [1, 2])]);
}
