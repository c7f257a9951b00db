/** A trie over code points: children in one open-addressed hash table, so that it is quick to build and small. */
export class CharacterTrie {
  #parents: Int32Array;
  #characters: Int32Array;
  #children: Int32Array;
  #mask: number;
  #nodes = 1;
  /** Value at each node; −1 for none. */
  values: Int32Array;

  /** @param capacity most nodes, the root included */
  constructor(capacity: number) {
    let slots = 16;
    while (slots < capacity * 2) slots *= 2;
    this.#mask = slots - 1;
    this.#parents = new Int32Array(slots).fill(-1);
    this.#characters = new Int32Array(slots);
    this.#children = new Int32Array(slots);
    this.values = new Int32Array(capacity).fill(-1);
  }

  /** Child of `node` for `character`, or −1. The root is node 0. */
  child(node: number, character: number): number {
    for (let slot = this.#slot(node, character); this.#parents[slot] !== -1; slot = (slot + 1) & this.#mask) {
      if (this.#parents[slot] === node && this.#characters[slot] === character) return this.#children[slot]!;
    }
    return -1;
  }

  insert(characters: Int32Array, begin: number, end: number, value: number): void {
    let node = 0;
    for (let index = begin; index < end; index++) {
      const character = characters[index]!;
      let child = this.child(node, character);
      if (child < 0) {
        child = this.#nodes++;
        let slot = this.#slot(node, character);
        while (this.#parents[slot] !== -1) slot = (slot + 1) & this.#mask;
        this.#parents[slot] = node;
        this.#characters[slot] = character;
        this.#children[slot] = child;
      }
      node = child;
    }
    this.values[node] = value;
  }

  #slot(node: number, character: number): number {
    const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(character, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }
}
