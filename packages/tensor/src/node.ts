import { DonatedTensorError } from "@multiway/errors";
import type { DeviceBuffer } from "./backend.ts";
import { callSite } from "./call-site.ts";
import type { Device } from "./device.ts";
import { bytesOf, type HostArray } from "./dtype.ts";
import type { Attributes, Op, Spec } from "./op.ts";

/** How many ops this process has put into graphs; a replayed program puts none. Leaves over memory that is already there do not count. */
export const nodeCounter = { created: 0, ids: 0 };

/** Results up to this size move to the host once they have been read, so that losses and counts do not pile up on the device. */
const hostBytes = 1024;

/** Memory on a device that one or more tensors name. Freed when disposed or when the last tensor that names it is collected. */
export class Storage {
  readonly device: Device;
  #buffer: DeviceBuffer;
  #gone: string | undefined;
  /** The elements, while they are on the host alone. */
  #onHost: HostArray | undefined;

  constructor(device: Device, buffer: DeviceBuffer) {
    this.device = device;
    this.#buffer = buffer;
    device.track(this, buffer);
  }

  /** Throws {@link DonatedTensorError} when the memory was given away or back. */
  require(): DeviceBuffer {
    if (this.#gone !== undefined) throw new DonatedTensorError(this.#gone);
    if (this.#onHost) {
      this.#buffer = this.device.backend.allocate(this.#buffer.dtype, this.#buffer.length);
      this.device.backend.write(this.#buffer, this.#onHost);
      this.device.track(this, this.#buffer);
      this.#onHost = undefined;
    }
    return this.#buffer;
  }

  /** All elements, raw. */
  async read(): Promise<HostArray> {
    if (this.#onHost && this.#gone === undefined) return this.#onHost.slice();
    const buffer = this.require();
    const data = await this.device.backend.read(buffer);
    // A device that gives half floats widened could not take them back.
    const returns = buffer.dtype !== "f16" || data instanceof Uint16Array;
    if (returns && bytesOf(buffer.dtype) * buffer.length <= hostBytes && this.#gone === undefined && this.#buffer === buffer && !this.#onHost) {
      this.#release();
      this.#onHost = data.slice();
    }
    return data;
  }

  /** The memory now belongs to a compiled function's result. */
  donate(message: string): void {
    this.device.untrack(this);
    this.#gone = message;
  }

  free(message: string): void {
    if (this.#gone !== undefined) return;
    if (!this.#onHost) this.#release();
    this.#onHost = undefined;
    this.#gone = message;
  }

  #release(): void {
    this.device.untrack(this);
    this.device.backend.free(this.#buffer);
  }
}

/** One result of a node. */
export interface Value {
  readonly node: Node;
  readonly output: number;
}

/** One op of a graph, with its inputs. Immutable but for the memory of results that were computed. */
export class Node {
  /** Grows with every node: an input always has a smaller id than its readers. */
  readonly id: number;
  readonly op: Op;
  inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Spec[];
  /** The device of the inputs; undefined while only constants are involved. */
  readonly device: Device | undefined;
  /** Memory of the results that have been computed, by output. */
  stored: (Storage | undefined)[] = [];
  /** What the op's own kind needs beside attributes: constant data, the replaced graph of a recomputed function. Not part of the graph's text. */
  readonly payload: unknown;
  /** Whether it depends on an argument of a function that is being traced, which has no elements yet. */
  readonly traced: boolean;
  /** The line that made it, while somebody wants to know. */
  readonly site: string | undefined;

  constructor(op: Op, inputs: readonly Value[], attributes: Attributes, outputs: readonly Spec[], device: Device | undefined, payload?: unknown) {
    this.id = nodeCounter.ids++;
    if (op.name !== "stored") nodeCounter.created++;
    this.op = op;
    this.inputs = inputs;
    this.attributes = attributes;
    this.outputs = outputs;
    this.device = device;
    this.payload = payload;
    this.site = callSite();
    this.traced = op.name === "input" || op.name === "scalar" || inputs.some((input) => input.node.traced);
  }
}

export const specOf = (value: Value): Spec => value.node.outputs[value.output]!;

/**
 * Nodes that `values` depend on, inputs before readers. A value whose memory is there is a leaf: what it was made of is not visited.
 *
 * Iterative, since a long chain of ops would overflow the stack.
 */
export function topologicalOrder(values: readonly Value[], isLeaf: (value: Value) => boolean = isStored): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const visit = (value: Value) => {
    if (isLeaf(value) || seen.has(value.node)) return;
    seen.add(value.node);
    stack.push({ node: value.node, next: 0 });
  };
  for (const value of values) {
    visit(value);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (top.next < top.node.inputs.length) visit(top.node.inputs[top.next++]!);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

export const isStored = (value: Value): boolean => value.node.stored[value.output] !== undefined;
