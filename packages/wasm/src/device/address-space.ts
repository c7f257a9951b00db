/** All addresses given out are multiples of this: a cache line, and four vectors. */
export const addressAlignment = 64;

interface Block {
  address: number;
  numBytes: number;
}

/** Sizes above 4 KiB are rounded up to one of eight steps between powers of two, so that blocks fit again when shapes vary a little. */
export function sizeClass(numBytes: number): number {
  const rounded = Math.max(addressAlignment, Math.ceil(numBytes / addressAlignment) * addressAlignment);
  if (rounded <= 4096) return rounded;
  const step = 2 ** (Math.floor(Math.log2(rounded - 1)) - 3);
  return Math.ceil(rounded / step) * step;
}

/** Decides where buffers live in a linear memory that grows at its end. Only bookkeeping: it touches no memory. */
export class AddressSpace {
  readonly #limit: number;
  /** In the order of addresses; neighbours never touch. */
  readonly #free: Block[] = [];
  readonly #taken = new Map<number, number>();
  #end: number;

  /** @param start first address to give out  @param limit address that nothing may reach */
  constructor(start: number, limit: number) {
    this.#end = start;
    this.#limit = limit;
  }

  /** No address at or above it is in use. */
  get end(): number {
    return this.#end;
  }

  /** Bytes below `end` that nobody uses. */
  get freeBytes(): number {
    return this.#free.reduce((sum, block) => sum + block.numBytes, 0);
  }

  /** The smallest free block that fits, else new memory at the end; undefined when neither is there. */
  allocate(numBytes: number): number | undefined {
    const size = sizeClass(numBytes);
    let best = -1;
    for (let index = 0; index < this.#free.length; index++) {
      const candidate = this.#free[index]!.numBytes;
      if (candidate >= size && (best < 0 || candidate < this.#free[best]!.numBytes)) best = index;
      if (candidate === size) break;
    }
    let address: number;
    if (best >= 0) {
      const block = this.#free[best]!;
      address = block.address;
      if (block.numBytes === size) this.#free.splice(best, 1);
      else this.#free[best] = { address: address + size, numBytes: block.numBytes - size };
    } else {
      const last = this.#free.at(-1);
      const extends_ = last !== undefined && last.address + last.numBytes === this.#end;
      address = extends_ ? last.address : this.#end;
      if (address + size > this.#limit) return undefined;
      if (extends_) this.#free.pop();
      this.#end = address + size;
    }
    this.#taken.set(address, size);
    return address;
  }

  release(address: number): void {
    const numBytes = this.#taken.get(address);
    if (numBytes === undefined) throw new Error(`internal: address ${address} is not taken`);
    this.#taken.delete(address);
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#free[middle]!.address < address) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const touchesBefore = before !== undefined && before.address + before.numBytes === address;
    const touchesAfter = after !== undefined && address + numBytes === after.address;
    const merged = {
      address: touchesBefore ? before.address : address,
      numBytes: numBytes + (touchesBefore ? before.numBytes : 0) + (touchesAfter ? after.numBytes : 0),
    };
    this.#free.splice(low - (touchesBefore ? 1 : 0), (touchesBefore ? 1 : 0) + (touchesAfter ? 1 : 0), merged);
  }
}
