export {
  MultiwayError,
  CheckpointError,
  DataError,
  DeviceError,
  DeviceLostError,
  DonatedTensorError,
  DTypeError,
  ImageError,
  InternalError,
  KernelError,
  NumericError,
  OptionError,
  ShapeError,
  TokenizerError,
  TrainingError,
  type MultiwayErrorCode,
} from "./errors.ts";
export { article, formatList, formatShape, formatValue } from "./format.ts";
