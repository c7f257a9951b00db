import { sizeOf, type Device, type Tensor } from "@multiway/tensor";
import { elementTypes } from "./formats/element-types.ts";
import { dtypeOnDevice, type ElementRange, type HalfRules, type StoredTensor, type TensorEntry } from "./formats/stored-tensor.ts";

/** What is in memory at once of a tensor that is on its way; a whole number of elements of each type. */
export const windowBytes = 4 * 2 ** 20;

/** Gives a tensor, or a range of it. Its bytes may lie in the window. */
type ReadRange = (window: Uint8Array<ArrayBuffer>, range?: ElementRange) => Promise<StoredTensor>;

/** Reads a tensor in windows, each straight into the device's memory: whole it is nowhere else. Views that lie scattered over their storage are gathered first. */
export async function readOntoDevice({ type, shape, strides }: TensorEntry, read: ReadRange, window: Uint8Array<ArrayBuffer>, device: Device, rules: HalfRules): Promise<Tensor> {
  const length = sizeOf(shape);
  const buffer = device.backend.allocate(dtypeOnDevice(type, rules), length);
  try {
    if (strides) device.backend.write(buffer, (await read(window)).toDevice(rules).data);
    else {
      const step = window.length / elementTypes[type].sizeBytes;
      for (let from = 0; from < length; from += step) {
        const stored = await read(window, { from, to: Math.min(length, from + step) });
        device.backend.write(buffer, stored.toDevice(rules).data, from);
      }
    }
  } catch (error) {
    device.backend.free(buffer);
    throw error;
  }
  return device.adopt(buffer, shape);
}
