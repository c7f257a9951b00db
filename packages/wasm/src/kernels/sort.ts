import type { Layout, OpKernel } from "@multiway/tensor/device";
import { f32, i32, select, type Code, type I32, type Local } from "../assembler/index.ts";
import { address, kernelFunction, phase, type GeneratedKernel, type OpImplementations } from "./kernel.ts";

const bucketBytes = 256 * 4;

/**
 * Radix sort, one row per task: keys that order like unsigned numbers, beside their positions, are moved by one byte after the other, lowest first. Each
 * pass keeps the order of equal bytes, so the whole is stable. Bytes in which a row's keys agree cost no pass.
 */
function sortRadix(kernel: OpKernel): GeneratedKernel {
  const x = kernel.inputs[0]! as Layout;
  const [rows, length] = x.shape as [number, number];
  if (rows * length === 0) return { phases: [] };
  const [rowBytes, elementBytes] = x.strides.map((stride) => stride * 4) as [number, number];
  const { dtype } = x;
  const isDescending = kernel.attributes.descending === true;
  // Pairs of key and position.
  const listBytes = Math.ceil((length * 8) / 64) * 64;

  const definition = kernelFunction({
    key: `sort ${dtype} ${length} ${rowBytes} ${elementBytes} ${isDescending}`,
    parameters: { x: "i32", values: "i32", indices: "i32" },
    body(code, { x, values, indices, scratch, firstTask, endTask }) {
      const row = code.local("i32");
      code.for(row, firstTask, endTask, 1, () => {
        const from = code.let(i32.add(x, i32.mul(row, rowBytes)));
        const list = code.let(i32.add(scratch, 4 * bucketBytes));
        const other = code.let(i32.add(list, listBytes));
        countBytes(code, scratch, list, from);
        for (let byte = 0; byte < 4; byte++) sortByByte(code, i32.add(scratch, byte * bucketBytes), byte, list, other, length);
        const toValues = code.let(i32.add(values, i32.mul(row, length * 4)));
        const toIndices = code.let(i32.add(indices, i32.mul(row, length * 4)));
        code.repeat(length, () => {
          const position = code.let(i32.load(list, 4));
          code.store(toIndices, position);
          code.store(toValues, i32.load(i32.add(from, i32.mul(position, elementBytes))));
          code.increase(list, 8);
          code.increase(toValues, 4);
          code.increase(toIndices, 4);
        });
      });

      /** Writes keys and positions, and counts each key's four bytes. */
      function countBytes(code: Code, buckets: Local<"i32">, list: Local<"i32">, from: Local<"i32">): void {
        code.fill(buckets, 0, 4 * bucketBytes);
        const element = code.let(from);
        const to = code.let(list);
        const position = code.local("i32");
        code.for(position, 0, length, 1, () => {
          const key = code.let(keyOf(code, i32.load(element)));
          code.store(to, key);
          code.store(to, position, 4);
          for (let byte = 0; byte < 4; byte++) {
            const bucket = code.let(i32.add(buckets, i32.shl(byteOf(key, byte), 2)));
            code.store(bucket, i32.add(i32.load(bucket, byte * bucketBytes), 1), byte * bucketBytes);
          }
          code.increase(element, elementBytes);
          code.increase(to, 8);
        });
      }

      function keyOf(code: Code, word: I32): I32 {
        const bits = code.let(word);
        let key: I32 = bits;
        if (dtype === "i32") key = i32.xor(bits, 0x80000000);
        if (dtype === "f32") {
          // Adding 0 makes −0 the equal of 0. Negative numbers count downwards; NaN of any kind is the largest key.
          const number = code.let(f32.add(f32.reinterpretI32(bits), 0));
          code.set(bits, i32.reinterpretF32(number));
          const ordered = i32.xor(bits, i32.or(i32.shrS(bits, 31), 0x80000000));
          key = select(i32.const(-1), ordered, f32.ne(number, number));
        }
        return isDescending ? i32.xor(key, -1) : key;
      }
    },
  });
  return {
    scratchBytes: 4 * bucketBytes + 2 * listBytes,
    phases: [
      phase(definition, rows, {
        x: address(x),
        values: { buffer: kernel.outputs[0]!.buffer },
        indices: { buffer: kernel.outputs[1]!.buffer },
      }),
    ],
  };
}

const byteOf = (key: I32, byte: number): I32 => i32.and(i32.shrU(key, 8 * byte), 255);

/** Moves pairs from `list` to `other` in the order of one byte, and swaps the two. */
function sortByByte(code: Code, buckets: I32, byte: number, list: Local<"i32">, other: Local<"i32">, length: number): void {
  const counts = code.let(buckets);
  const firstCount = i32.load(i32.add(counts, i32.shl(byteOf(i32.load(list), byte), 2)));
  code.if(i32.ne(firstCount, length), () => {
    const bucket = code.let(counts);
    const end = code.let(other);
    code.repeat(256, () => {
      const count = code.let(i32.load(bucket));
      code.store(bucket, end);
      code.set(end, i32.add(end, i32.shl(count, 3)));
      code.increase(bucket, 4);
    });
    const from = code.let(list);
    code.repeat(length, () => {
      const key = code.let(i32.load(from));
      const place = code.let(i32.add(counts, i32.shl(byteOf(key, byte), 2)));
      const to = code.let(i32.load(place));
      code.store(to, key);
      code.store(to, i32.load(from, 4), 4);
      code.store(place, i32.add(to, 8));
      code.increase(from, 8);
    });
    const swapped = code.let(list);
    code.set(list, other);
    code.set(other, swapped);
  });
}

export const sort: OpImplementations = [{ name: "sortRadix", generate: sortRadix }];
