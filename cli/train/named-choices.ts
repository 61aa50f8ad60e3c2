/** Names that options of `train` take, as named-optimizer.ts, named-schedule.ts and recipe.ts have them: the help does not wait for these to load, and a test compares. */
export const OPTIMIZERS = [
  "sgd",
  "nesterov",
  "adam",
  "adamw",
  "amsgrad",
  "adamax",
  "nadam",
  "radam",
  "rmsprop",
  "adagrad",
  "adadelta",
  "lion",
] as const;

export const SCHEDULES = [
  "constant",
  "step",
  "multi-step",
  "exponential",
  "linear",
  "polynomial",
  "cosine",
  "cosine-restarts",
  "one-cycle",
  "cyclic",
  "plateau",
] as const;

export const LOSSES = [
  "cross-entropy",
  "focal",
  "bce",
  "focal-sigmoid",
  "hinge",
  "binary-hinge",
  "mse",
  "l1",
  "huber",
  "smooth-l1",
] as const;
