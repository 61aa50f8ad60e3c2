/** The public API that runs anywhere: graphs, differentiation, training, export, labelling, search. node.ts adds files and the runtime of Node. */
export { ToolkitError, errorCode } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";

export type { Attribute, Attributes, Dim, Graph, Model, Node, TensorType, Value } from "./graph/ir.ts";
export { GraphBuilder } from "./graph/builder.ts";
export { checkGraph } from "./graph/check.ts";
export { printGraph } from "./graph/print.ts";
export { key, operatorTable } from "./graph/operator.ts";
export type { GradientInput, Gradients, InferInput, Operator, Operators } from "./graph/operator.ts";
export { float32, int64, scalar, tensor } from "./graph/tensor.ts";
export type { DType, TensorData } from "./graph/tensor.ts";

export { decodeModel } from "./onnx/decode.ts";
export { encodeModel } from "./onnx/encode.ts";
export { operators } from "./operators/index.ts";

export { normalise } from "./passes/normalise.ts";
export type { NormaliseOptions, Rewrite, Rewrites, Rewriting } from "./passes/normalise.ts";
export { atPictureSize } from "./passes/at-picture-size.ts";
export { chooseCut } from "./passes/choose-cut.ts";
export type { CutChoice } from "./passes/choose-cut.ts";
export { cut } from "./passes/cut.ts";
export { cutPoints } from "./passes/find-cuts.ts";
export type { CutPoint } from "./passes/find-cuts.ts";
export { findHead } from "./passes/find-head.ts";
export type { Head } from "./passes/find-head.ts";
export { foldBatchNorm } from "./passes/fold-batch-norm.ts";
export { mergeTeacher } from "./passes/merge-teacher.ts";
export type { MergeTeacherOptions } from "./passes/merge-teacher.ts";
export { parametersOf } from "./passes/parameters.ts";
export { pipeline } from "./passes/pipeline.ts";
export { prune } from "./passes/prune.ts";
export { replaceHead } from "./passes/replace-head.ts";
export { restoreBatchNorm } from "./passes/restore-batch-norm.ts";
export { stageCuts } from "./passes/stage-cuts.ts";
export { unitAxesOf } from "./passes/unit-axes.ts";

export { differentiate, withoutGradient } from "./autodiff/differentiate.ts";
export type { Differentiated } from "./autodiff/differentiate.ts";
export { lower } from "./lowering/lower.ts";
export type { Target } from "./lowering/target.ts";
export { batchAllTriplet } from "./losses/batch-all-triplet.ts";
export { batchContrastive } from "./losses/batch-contrastive.ts";
export { batchHardTriplet } from "./losses/batch-hard-triplet.ts";
export { binaryCrossEntropy } from "./losses/binary-cross-entropy.ts";
export { binaryHinge } from "./losses/binary-hinge.ts";
export { contrastive } from "./losses/contrastive.ts";
export { distillation } from "./losses/distillation.ts";
export { focal } from "./losses/focal.ts";
export { huber } from "./losses/huber.ts";
export type { Loss, LossInput } from "./losses/loss.ts";
export { meanAbsoluteError } from "./losses/mean-absolute-error.ts";
export { meanSquaredError } from "./losses/mean-squared-error.ts";
export { multiClassHinge } from "./losses/multi-class-hinge.ts";
export { lossNames, namedLoss } from "./losses/named-loss.ts";
export type { NamedLossOptions } from "./losses/named-loss.ts";
export { sigmoidFocal } from "./losses/sigmoid-focal.ts";
export { smoothL1 } from "./losses/smooth-l1.ts";
export { softmaxCrossEntropy } from "./losses/softmax-cross-entropy.ts";
export type { TargetKind } from "./losses/target-type.ts";
export { tripletMargin } from "./losses/triplet-margin.ts";
export { byHead } from "./losses/by-head.ts";
export type { HeadLoss } from "./losses/by-head.ts";
export { knownOnly } from "./losses/known-only.ts";
export { weightedSum } from "./losses/weighted-sum.ts";
export type { WeightedLoss } from "./losses/weighted-sum.ts";
export { accumulate } from "./optimizers/accumulate.ts";
export { adadelta } from "./optimizers/adadelta.ts";
export { adagrad } from "./optimizers/adagrad.ts";
export { adam, adamw, amsgrad } from "./optimizers/adam.ts";
export { adamax } from "./optimizers/adamax.ts";
export { adaptiveClip } from "./optimizers/adaptive-clip.ts";
export { averageWeights } from "./optimizers/average-weights.ts";
export { clipByGlobalNorm } from "./optimizers/clip-by-global-norm.ts";
export { clipByValue } from "./optimizers/clip-by-value.ts";
export { layerDecay } from "./optimizers/layer-decay.ts";
export { lion } from "./optimizers/lion.ts";
export { nadam } from "./optimizers/nadam.ts";
export { namedOptimizer, optimizerNames, optimizerOptions } from "./optimizers/named-optimizer.ts";
export type { NamedOptimizer, NamedOptimizerOptions } from "./optimizers/named-optimizer.ts";
export { radam } from "./optimizers/radam.ts";
export { rmsprop } from "./optimizers/rmsprop.ts";
export { sgd } from "./optimizers/sgd.ts";
export { chain, scaleByRate } from "./optimizers/transform.ts";
export type { Slot, Transform, Update, UpdateInput } from "./optimizers/transform.ts";
export { addWeightDecay } from "./optimizers/weight-decay.ts";
export { constant } from "./schedules/constant.ts";
export { cosine } from "./schedules/cosine.ts";
export { cosineRestarts } from "./schedules/cosine-restarts.ts";
export { cyclic } from "./schedules/cyclic.ts";
export { exponential } from "./schedules/exponential.ts";
export { linear } from "./schedules/linear.ts";
export { multiStep } from "./schedules/multi-step.ts";
export { namedSchedule, scheduleNames, scheduleOptions } from "./schedules/named-schedule.ts";
export type { NamedSchedule, NamedScheduleOptions } from "./schedules/named-schedule.ts";
export { oneCycle } from "./schedules/one-cycle.ts";
export { perUpdate } from "./schedules/per-update.ts";
export { plateau } from "./schedules/plateau.ts";
export { polynomial } from "./schedules/polynomial.ts";
export { stepDecay } from "./schedules/step-decay.ts";
export { warmUp } from "./schedules/warm-up.ts";
export type { Schedule } from "./schedules/schedule.ts";
export type { Provider, Runtime, Session, Tensors } from "./runtime/runtime.ts";
export { buildStep, constantsAsInputs, STEP } from "./train/step.ts";
export type { LossScaleOptions } from "./train/loss-scale.ts";
export type { Precision, Step, StepSettings } from "./train/step.ts";
export { averagesAsWeights, readAverages } from "./train/averages.ts";
export { evaluate as evaluateBatches } from "./train/evaluate.ts";
export type { Evaluation, HeadEvaluation } from "./train/evaluate.ts";
export type { ColumnMetrics, NumberMetrics } from "./train/evaluate-numbers.ts";
export type { RatePoint, RateTest } from "./train/rate-finder.ts";
export { stopMetrics } from "./train/early-stopping.ts";
export type { StopMetric } from "./train/early-stopping.ts";
export { train } from "./train/train.ts";
export type { TrainEvent, TrainOptions } from "./train/train.ts";
export { checkGradients } from "./train/gradient-check.ts";
export type { GradientCheck, GradientCheckOptions } from "./train/gradient-check.ts";
export { randomBatch } from "./train/random-batch.ts";
export { lossFeeds } from "./train/loss-feeds.ts";
export type { TrainBatch } from "./train/batch.ts";

export type { AugmentSettings } from "./data/augment.ts";
export { stepDefaults, stepNames } from "./data/augment-apply.ts";
export { checkAugmentation } from "./data/augment-check.ts";
export { classesByPictures } from "./data/classes-by-pictures.ts";
export type { ClassesByPictures } from "./data/classes-by-pictures.ts";
export type { AugmentStep, StepName, StepOptions } from "./data/augment-step.ts";
export { parseAugmentation } from "./data/augment-text.ts";

export { readMetadata } from "./export/metadata.ts";
export type { ModelMetadata, Preprocessing } from "./export/metadata.ts";
export { inferenceModel } from "./export/inference-model.ts";
export { halfPrecision } from "./export/half-precision.ts";
export { calibrate } from "./export/int8/calibrate.ts";
export type { Calibration } from "./export/int8/calibrate.ts";
export { int8Graph } from "./export/int8/int8-graph.ts";
export { quantise } from "./export/int8/quantise.ts";
export type { QuantiseOptions } from "./export/int8/quantise.ts";
export { checkLoss, lossPoints } from "./export/check-loss.ts";
export { reducePrecision } from "./export/reduce-precision.ts";
export type { ReducedModel, ReducePrecisionOptions, ReduceProgress } from "./export/reduce-precision.ts";
export type { Parity } from "./export/parity.ts";
export type { SourceModel } from "./export/source-model.ts";

export { GRAD_CAM, gradCam } from "./explain/grad-cam.ts";
export type { GradCam } from "./explain/grad-cam.ts";

export { inspectModel } from "./report/inspect.ts";
export type { Inspection } from "./report/inspect.ts";
export { measure } from "./report/metrics.ts";
export type { Metrics } from "./report/metrics.ts";
export { reportHtml } from "./report/report.ts";
export type { RunReport } from "./report/run-report.ts";
export { runCharts } from "./report/chart.ts";
export type { Chart } from "./report/chart.ts";
export { contactSheetHtml } from "./report/contact-sheet.ts";
export type { ContactSheet } from "./report/contact-sheet.ts";

export type { LabelledPhoto, LabelOptions, Tagger, UnreadablePhoto, WeightedLabel } from "./label/tagger.ts";
export type { TestTimeViews } from "./label/test-time-views.ts";
export type { CheckName, CheckProgress, Diagnosis, ModelCheck } from "./fine-tune/diagnosis.ts";
export type { EndReason, FineTuneEvent, FineTuneResult, StageResult } from "./fine-tune/events.ts";
export type { FineTuneRun } from "./fine-tune/fine-tune.ts";
export type { FoundRate } from "./fine-tune/up-to-rate.ts";
export type { CraftSettings, Keep } from "./fine-tune/craft-settings.ts";
export type { ClassWeights, Sampler } from "./data/sampling.ts";
export type {
  BatchNormPolicy,
  CacheType,
  FineTuneSettings,
  LossChoice,
  Mode,
  OptimizerChoice,
  ScheduleChoice,
  Settings,
} from "./fine-tune/settings.ts";
export { CLASSIFIER_LOSSES, LABEL_LOSSES, NUMBER_LOSSES } from "./fine-tune/task-losses.ts";
export type { ClassifierLoss, HeadLossName } from "./fine-tune/task-losses.ts";
export type { HeadChoice, HeadSetting } from "./fine-tune/head-settings.ts";
export type { Hit, LabelIndex, SearchOptions } from "./search/label-index.ts";
export {
  averagePrecision,
  meanAveragePrecision,
  meanReciprocalRank,
  normalisedGain,
  precisionAt,
  rankByScore,
  reciprocalRank,
} from "./search/metrics.ts";
export type { JudgedSearch } from "./search/metrics.ts";
