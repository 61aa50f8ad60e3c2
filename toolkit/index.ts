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
export { cut } from "./passes/cut.ts";
export { findHead } from "./passes/find-head.ts";
export type { Head } from "./passes/find-head.ts";
export { foldBatchNorm } from "./passes/fold-batch-norm.ts";
export { parametersOf } from "./passes/parameters.ts";
export { pipeline } from "./passes/pipeline.ts";
export { prune } from "./passes/prune.ts";
export { replaceHead } from "./passes/replace-head.ts";
export { restoreBatchNorm } from "./passes/restore-batch-norm.ts";

export { differentiate, withoutGradient } from "./autodiff/differentiate.ts";
export type { Differentiated } from "./autodiff/differentiate.ts";
export { lower } from "./lowering/lower.ts";
export type { Target } from "./lowering/target.ts";
export type { Loss } from "./losses/loss.ts";
export { softmaxCrossEntropy } from "./losses/softmax-cross-entropy.ts";
export { adam, adamw } from "./optimizers/adam.ts";
export { sgd } from "./optimizers/sgd.ts";
export { chain } from "./optimizers/transform.ts";
export type { Transform } from "./optimizers/transform.ts";
export { constant } from "./schedules/constant.ts";
export { cosine } from "./schedules/cosine.ts";
export { stepDecay } from "./schedules/step-decay.ts";
export { warmUp } from "./schedules/warm-up.ts";
export type { Schedule } from "./schedules/schedule.ts";
export type { Provider, Runtime, Session, Tensors } from "./runtime/runtime.ts";
export { buildStep } from "./train/step.ts";
export type { Step, StepSettings } from "./train/step.ts";
export type { Evaluation } from "./train/evaluate.ts";

export { readMetadata } from "./export/metadata.ts";
export type { ModelMetadata, Preprocessing } from "./export/metadata.ts";
export { inferenceModel } from "./export/inference-model.ts";
export type { Parity } from "./export/parity.ts";
export type { SourceModel } from "./export/source-model.ts";

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
export type { FineTuneEvent, FineTuneResult, StageResult } from "./fine-tune/events.ts";
export type { FineTuneRun } from "./fine-tune/fine-tune.ts";
export type { BatchNormPolicy, FineTuneSettings, Mode, OptimizerName, Settings } from "./fine-tune/settings.ts";
export type { Hit, LabelIndex, SearchOptions } from "./search/label-index.ts";
