/** A binary heap of pairs of neighbours: highest score first, then the leftmost. Flat arrays, so that a push allocates nothing. */
export class PairQueue {
  #scores = new Float64Array(64);
  #lefts = new Int32Array(64);
  #rights = new Int32Array(64);
  #lengths = new Int32Array(64);
  #size = 0;

  /** The pair that {@link pop} took out. */
  left = -1;
  right = -1;
  /** Bytes of both symbols together when the pair was pushed. */
  length = 0;

  clear(): void {
    this.#size = 0;
  }

  push(score: number, left: number, right: number, length: number): void {
    if (this.#size === this.#scores.length) this.#grow();
    let index = this.#size++;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(score, left, parent)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#set(index, score, left, right, length);
  }

  /** Takes out the first pair; false when there is none. */
  pop(): boolean {
    if (this.#size === 0) return false;
    this.left = this.#lefts[0]!;
    this.right = this.#rights[0]!;
    this.length = this.#lengths[0]!;
    const last = --this.#size;
    const score = this.#scores[last]!;
    const left = this.#lefts[last]!;
    const right = this.#rights[last]!;
    const length = this.#lengths[last]!;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(this.#scores[child + 1]!, this.#lefts[child + 1]!, child)) child++;
      if (this.#isBefore(score, left, child)) break;
      this.#move(child, index);
      index = child;
    }
    this.#set(index, score, left, right, length);
    return true;
  }

  #isBefore(score: number, left: number, other: number): boolean {
    const otherScore = this.#scores[other]!;
    return score > otherScore || (score === otherScore && left < this.#lefts[other]!);
  }

  #set(index: number, score: number, left: number, right: number, length: number): void {
    this.#scores[index] = score;
    this.#lefts[index] = left;
    this.#rights[index] = right;
    this.#lengths[index] = length;
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#scores[from]!, this.#lefts[from]!, this.#rights[from]!, this.#lengths[from]!);
  }

  #grow(): void {
    const grow = <T extends Float64Array | Int32Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    const capacity = this.#size * 2;
    this.#scores = grow(this.#scores, new Float64Array(capacity));
    this.#lefts = grow(this.#lefts, new Int32Array(capacity));
    this.#rights = grow(this.#rights, new Int32Array(capacity));
    this.#lengths = grow(this.#lengths, new Int32Array(capacity));
  }
}
