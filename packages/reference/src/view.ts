import type { Layout } from "@multiway/tensor/device";
import { Fault } from "./fault.ts";
import type { Elements } from "./storage.ts";

/** A tensor as a kernel op sees it: elements of a buffer by index, every access checked. */
export class View {
  readonly shape: readonly number[];
  readonly dtype: Layout["dtype"];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly #elements: Elements;
  readonly #name: string;
  readonly #s0: number;
  readonly #s1: number;
  readonly #s2: number;
  readonly #s3: number;

  constructor(layout: Layout, elements: Elements, name: string) {
    this.shape = layout.shape;
    this.dtype = layout.dtype;
    this.strides = layout.strides;
    this.offset = layout.offset;
    this.#elements = elements;
    this.#name = name;
    [this.#s0 = 0, this.#s1 = 0, this.#s2 = 0, this.#s3 = 0] = layout.strides;
  }

  /** Element of a tensor with up to four axes. */
  get(i = 0, j = 0, k = 0, l = 0): number {
    return this.read(this.offset + i * this.#s0 + j * this.#s1 + k * this.#s2 + l * this.#s3);
  }

  set(value: number, i = 0, j = 0, k = 0, l = 0): void {
    this.write(value, this.offset + i * this.#s0 + j * this.#s1 + k * this.#s2 + l * this.#s3);
  }

  add(value: number, i = 0, j = 0, k = 0, l = 0): void {
    this.set(this.get(i, j, k, l) + value, i, j, k, l);
  }

  /** By address within the buffer, for tensors of any number of axes. */
  read(address: number): number {
    if (!(address >= 0 && address < this.#elements.length)) throw this.#outside("reads", address);
    return this.#elements[address]!;
  }

  write(value: number, address: number): void {
    if (!(address >= 0 && address < this.#elements.length)) throw this.#outside("writes", address);
    this.#elements[address] = value;
  }

  fill(value: number): void {
    const length = this.shape.reduce((product, extent) => product * extent, 1);
    for (let index = 0; index < length; index++) this.write(value, index);
  }

  #outside(verb: string, address: number): Fault {
    return new Fault(`${this.#name} ${verb} element ${address} of a buffer of ${this.#elements.length}.`);
  }
}
