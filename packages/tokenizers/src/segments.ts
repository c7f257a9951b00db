/** Where normalised text was cut, before unknown characters are merged or spelled in bytes. Reused between calls. */
export class Segments {
  ids = new Int32Array(64);
  /** Byte where each segment ends in the normalised text; it begins where the one before ended. */
  ends = new Int32Array(64);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  add(id: number, end: number): void {
    if (this.count === this.ids.length) this.reserve(this.count * 2);
    this.ids[this.count] = id;
    this.ends[this.count++] = end;
  }

  /** Room for so many more, to be {@link set}. @returns the place behind the last */
  extend(count: number): number {
    const end = this.count + count;
    if (end > this.ids.length) this.reserve(Math.max(end, this.ids.length * 2));
    return (this.count = end);
  }

  set(place: number, id: number, end: number): void {
    this.ids[place] = id;
    this.ends[place] = end;
  }

  reserve(capacity: number): void {
    if (capacity <= this.ids.length) return;
    const ids = new Int32Array(capacity);
    const ends = new Int32Array(capacity);
    ids.set(this.ids.subarray(0, this.count));
    ends.set(this.ends.subarray(0, this.count));
    this.ids = ids;
    this.ends = ends;
  }

  /** Turns the order around from segment `first` on; backward searches add the last segment first. */
  reverse(first = 0): void {
    this.ids.subarray(first, this.count).reverse();
    this.ends.subarray(first, this.count).reverse();
  }
}

/** Cuts normalised text. One class per algorithm. */
export interface Segmenter {
  /** @param bytes valid UTF-8 from 0 to `size` */
  segment(bytes: Uint8Array, size: number, segments: Segments): void;
}
