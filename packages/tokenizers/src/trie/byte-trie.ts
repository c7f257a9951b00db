import { TokenizerError } from "@multiway/errors";

/**
 * A double array over bytes: looking up a prefix costs one array read per byte and allocates nothing.
 *
 * A node is an index into `units`; node 0 is the root. A unit holds, from its low end:
 * label + 1 (9 bits, 0 = slot not used), whether a key ends here (1 bit), and base (22 bits).
 * The child for byte c of node n stands in slot `base(n) ^ c`, and is there when that slot's label is c. Bases are never
 * shared and start at 256, so the label alone identifies the parent, and leaves (base 0) lead to slots without a label.
 *
 * Source: Aoe 1989, "An efficient digital search algorithm by using a double-array structure"; XOR addressing as in darts-clone.
 */
export interface ByteTrie {
  readonly units: Uint32Array;
  /** Value of the key that ends at a node; [units.length], −1 where none does. */
  readonly values: Int32Array;
}

/** Bits of a unit. */
export const trieBits = { label: 0x1ff, hasValue: 0x200, baseShift: 10 } as const;

const maxUnits = 1 << 22;
/** Keeps node × 256 + byte within 31 bits. */
const maxKeyBytes = 1 << 23;

/**
 * @param keys  no two alike, none empty
 * @param values  what `keys[i]` stands for, 0 or more; [keys.length]
 */
export function buildByteTrie(keys: readonly Uint8Array[], values: ArrayLike<number>): ByteTrie {
  const linked = linkKeys(keys, values);
  return placeNodes(linked);
}

/** Value of the whole key, or −1. */
export function lookUp(trie: ByteTrie, bytes: Uint8Array, begin: number, end: number): number {
  const { units, values } = trie;
  let node = 0;
  for (let offset = begin; offset < end; offset++) {
    const byte = bytes[offset]!;
    const child = (units[node]! >>> trieBits.baseShift) ^ byte;
    if ((units[child]! & trieBits.label) !== byte + 1) return -1;
    node = child;
  }
  return values[node]!;
}

/** Length of the longest key that starts at `begin`, or 0. */
export function longestPrefix(trie: ByteTrie, bytes: Uint8Array, begin: number, end: number): number {
  const { units } = trie;
  let node = 0;
  let longest = 0;
  for (let offset = begin; offset < end; offset++) {
    const byte = bytes[offset]!;
    const child = (units[node]! >>> trieBits.baseShift) ^ byte;
    const unit = units[child]!;
    if ((unit & trieBits.label) !== byte + 1) break;
    node = child;
    if (unit & trieBits.hasValue) longest = offset + 1 - begin;
  }
  return longest;
}

/** A plain trie: children as linked lists. Quick to build in any order of keys, slow to search. */
interface LinkedTrie {
  label: Uint8Array;
  value: Int32Array;
  firstChild: Int32Array;
  nextSibling: Int32Array;
}

function linkKeys(keys: readonly Uint8Array[], values: ArrayLike<number>): LinkedTrie {
  const capacity = keys.reduce((size, key) => size + key.length, 1);
  if (capacity > maxKeyBytes) {
    throw new TokenizerError(`SentencePieceTokenizer: the pieces have ${capacity} bytes together; at most ${maxKeyBytes} are accepted. Use a smaller vocabulary.`);
  }
  const label = new Uint8Array(capacity);
  const value = new Int32Array(capacity).fill(-1);
  const firstChild = new Int32Array(capacity);
  const nextSibling = new Int32Array(capacity);
  // Children are found through a hash table, since `▁` alone may have hundreds: node × 256 + byte leads to the child.
  let slots = 16;
  while (slots < capacity * 2) slots *= 2;
  const slotKey = new Int32Array(slots).fill(-1);
  const slotChild = new Int32Array(slots);
  let count = 1;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!;
    let node = 0;
    for (let offset = 0; offset < key.length; offset++) {
      const byte = key[offset]!;
      const wanted = node * 256 + byte;
      const mixed = Math.imul(wanted, 0x9e3779b1);
      let slot = (mixed ^ (mixed >>> 15)) & (slots - 1);
      while (slotKey[slot] !== wanted && slotKey[slot] !== -1) slot = (slot + 1) & (slots - 1);
      if (slotKey[slot] === -1) {
        slotKey[slot] = wanted;
        slotChild[slot] = count;
        label[count] = byte;
        nextSibling[count] = firstChild[node]!;
        firstChild[node] = count++;
      }
      node = slotChild[slot]!;
    }
    value[node] = values[index]!;
  }
  return { label, value, firstChild, nextSibling };
}

function placeNodes({ label, value, firstChild, nextSibling }: LinkedTrie): ByteTrie {
  let units = new Uint32Array(1024);
  let values = new Int32Array(1024).fill(-1);
  let isBase = new Uint8Array(1024);
  let size = 512; // slots 0 to 255 hold the root and the places that leaves point to
  units[0] = 0;
  const grow = (needed: number): void => {
    if (needed > maxUnits) throw new TokenizerError(`SentencePieceTokenizer: the pieces need more than ${maxUnits} trie nodes; use a smaller vocabulary.`);
    if (needed <= units.length) return;
    const capacity = Math.max(needed, units.length * 2);
    const [grownUnits, grownValues, grownIsBase] = [new Uint32Array(capacity), new Int32Array(capacity).fill(-1), new Uint8Array(capacity)];
    grownUnits.set(units);
    grownValues.set(values);
    grownIsBase.set(isBase);
    [units, values, isBase] = [grownUnits, grownValues, grownIsBase];
  };

  const labels = new Uint8Array(256);
  // Nodes with one child fill the gaps that the others leave, so each kind has its own place to start searching.
  const starts = { one: 256, many: 256 };
  const findBase = (count: number): number => {
    const kind = count === 1 ? "one" : "many";
    do {
      let slot = starts[kind];
      while (slot < size && units[slot]! & trieBits.label) slot++;
      starts[kind] = slot;
      for (const last = Math.min(size, slot + 64); slot < last; slot++) {
        const base = slot ^ labels[0]!;
        if (base < 256 || isBase[base]) continue;
        let index = 0;
        while (index < count && !(units[base ^ labels[index]!]! & trieBits.label)) index++;
        if (index === count) return base;
      }
      // 64 places did not fit: they are left behind, which keeps building linear.
      starts[kind] = slot;
    } while (kind === "one" && starts.one < size);
    // A new block of 256 always fits.
    grow(size + 256);
    size += 256;
    return size - 256;
  };

  const pending = [0, 0]; // pairs: the linked node, and its slot
  while (pending.length > 0) {
    const slot = pending.pop()!;
    const linked = pending.pop()!;
    if (value[linked]! >= 0) {
      values[slot] = value[linked]!;
      units[slot] = units[slot]! | trieBits.hasValue;
    }
    let count = 0;
    for (let child = firstChild[linked]!; child !== 0; child = nextSibling[child]!) labels[count++] = label[child]!;
    if (count === 0) continue;
    const base = findBase(count);
    isBase[base] = 1;
    units[slot] = (units[slot]! | (base << trieBits.baseShift)) >>> 0;
    for (let child = firstChild[linked]!; child !== 0; child = nextSibling[child]!) {
      const place = base ^ label[child]!;
      units[place] = label[child]! + 1;
      pending.push(child, place);
    }
  }
  return { units: units.slice(0, size), values: values.slice(0, size) };
}
