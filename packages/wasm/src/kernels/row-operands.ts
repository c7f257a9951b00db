import { bytesOf, type Layout } from "@multiway/tensor/device";

/** Bytes from one index of the first axis to the next. */
export const rowBytes = ({ strides, dtype }: Layout): number => strides[0]! * bytesOf(dtype);

/** Rows are handed out in groups of about 16,000 elements: 5 to 50 µs. */
export const rowsPerTask = (width: number): number => Math.max(1, Math.floor(16384 / Math.max(1, width)));

/** Element types as a part of a function's key. */
export const dtypesKey = (layouts: readonly Layout[]): string => layouts.map(({ dtype }) => dtype).join(",");
