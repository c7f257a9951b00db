import { CheckpointError, formatList, formatShape } from "@multiway/errors";
import type { DType, Shape } from "@multiway/tensor";
import { elementTypes } from "./formats/element-types.ts";
import type { TensorEntry } from "./formats/stored-tensor.ts";

/** What a model wants of a tensor; a `Tensor` is such a thing. */
export interface ExpectedTensor {
  shape: Shape;
  /** Floats of any width fit each other. Default: any. */
  dtype?: DType;
}

/** What of a checkpoint fits a model and what does not. */
export interface NameReport {
  /** In both, of one shape. */
  matching: string[];
  /** In the model, not in the file. */
  missing: string[];
  /** In the file, not in the model. */
  unexpected: string[];
  /** Of another shape; or of another dtype, where one of the two is no float. */
  mismatched: { name: string; given: string; expected: string }[];
}

const kindOf = (dtype: DType): string => (dtype === "f16" ? "f32" : dtype);

export function compareNames(entries: ReadonlyMap<string, TensorEntry>, expected: Readonly<Record<string, ExpectedTensor>>): NameReport {
  const report: NameReport = { matching: [], missing: [], unexpected: [...entries.keys()].filter((name) => !Object.hasOwn(expected, name)), mismatched: [] };
  for (const [name, { shape, dtype }] of Object.entries(expected)) {
    const entry = entries.get(name);
    if (!entry) report.missing.push(name);
    else if (entry.shape.join() === shape.join() && (dtype === undefined || kindOf(dtype) === kindOf(elementTypes[entry.type].dtype))) report.matching.push(name);
    else report.mismatched.push({ name, given: entry.type + formatShape(entry.shape), expected: (dtype ?? "") + formatShape(shape) });
  }
  return report;
}

/** All that does not fit, in one error. Undefined when all fits. */
export function misfit(caller: string, file: string, report: NameReport): CheckpointError | undefined {
  const { matching, missing, unexpected, mismatched } = report;
  const parts = [
    missing.length > 0 ? `missing ${formatList(missing)}` : "",
    unexpected.length > 0 ? `unexpected ${formatList(unexpected)}` : "",
    mismatched.length > 0 ? `mismatched ${formatList(mismatched.map(({ name, given, expected }) => `${name} (${given} in the file, ${expected} expected)`))}` : "",
  ].filter(Boolean);
  if (parts.length === 0) return undefined;
  return new CheckpointError(`${caller}: ${JSON.stringify(file)}: ${parts.join("; ")}; ${matching.length} fit. Use the preset and the names that the file was made for, or pass { strict: false } to load what fits.`, { details: { file, report } });
}
