/** The mean over classes of F1 = 2 hits / (found + held), of probabilities and targets [N,classes] and a threshold for each class. 0 for a class that is neither. */
export function macroF1(probabilities: Float32Array, targets: Float32Array, thresholds: readonly number[]): number {
  const classes = thresholds.length;
  const scores = thresholds.map((threshold, k) => {
    let [hits, found, held] = [0, 0, 0];
    for (let at = k; at < targets.length; at += classes) {
      const [isFound, holds] = [(probabilities[at] ?? 0) >= threshold, (targets[at] ?? 0) > 0.5];
      if (isFound) found++;
      if (holds) held++;
      if (isFound && holds) hits++;
    }
    return found + held === 0 ? 0 : (2 * hits) / (found + held);
  });
  return scores.reduce((sum, score) => sum + score, 0) / classes;
}
