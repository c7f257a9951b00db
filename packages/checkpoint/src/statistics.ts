import { widenBfloat16, widenHalf } from "./formats/half-floats.ts";
import type { Elements, ElementType } from "./formats/element-types.ts";
import type { StoredTensor } from "./formats/stored-tensor.ts";
import { mergeStatistics, noElements, type TensorStatistics } from "./merge-statistics.ts";

/** Elements that are looked at together, while they are in the processor's cache. */
const chunkLength = 16384;

/** Figures of a tensor's elements. */
export function statisticsOf({ type, elements }: StoredTensor): TensorStatistics {
  let all = noElements;
  for (let begin = 0; begin < elements.length; begin += chunkLength) all = mergeStatistics(all, statisticsOfNumbers(numbersOf(type, elements.subarray(begin, begin + chunkLength) as Elements)));
  return all;
}

function statisticsOfNumbers(numbers: Float32Array | Float64Array): TensorStatistics {
  let [nanCount, infinityCount, sum, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    if (value - value !== 0) {
      if (value !== value) nanCount++;
      else infinityCount++;
      continue;
    }
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const counts = { elementCount: numbers.length, nanCount, infinityCount };
  const count = numbers.length - nanCount - infinityCount;
  if (count === 0) return { ...noElements, ...counts };
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < numbers.length; i++) {
    const away = numbers[i]! - mean;
    if (away - away === 0) squares += away * away;
  }
  return { ...counts, min, max, mean, deviation: Math.sqrt(squares / count) };
}

function numbersOf(type: ElementType, elements: Elements): Float32Array | Float64Array {
  if (type === "F16") return widenHalf(elements as Uint16Array);
  if (type === "BF16") return widenBfloat16(elements as Uint16Array);
  if (elements instanceof Float32Array || elements instanceof Float64Array) return elements;
  return Float64Array.from(elements as Iterable<number | bigint> & ArrayLike<number>, Number);
}
