/** PNG's five row filters. Source: PNG specification, third edition, section 9. */

/**
 * Undoes the filter of each row, in place.
 *
 * @param data      rows of one filter byte and `rowBytes` bytes each, from `offset`
 * @param pixelStep bytes from a sample to its left neighbour, at least 1
 * @returns the number of the row whose filter byte is unknown, or −1
 */
export function unfilterRows(data: Uint8Array, offset: number, rowBytes: number, rows: number, pixelStep: number): number {
  for (let row = 0; row < rows; row++) {
    const begin = offset + row * (rowBytes + 1) + 1;
    const end = begin + rowBytes;
    const above = row === 0 ? -1 : begin - rowBytes - 1;
    switch (data[begin - 1]) {
      case 0:
        break;
      case 1:
        for (let at = begin + pixelStep; at < end; at++) data[at] = data[at]! + data[at - pixelStep]!;
        break;
      case 2:
        if (above >= 0) for (let at = begin, up = above; at < end; at++, up++) data[at] = data[at]! + data[up]!;
        break;
      case 3:
        for (let at = begin, up = above; at < end; at++, up++) {
          const left = at - begin < pixelStep ? 0 : data[at - pixelStep]!;
          data[at] = data[at]! + ((left + (above < 0 ? 0 : data[up]!)) >> 1);
        }
        break;
      case 4:
        for (let at = begin, up = above; at < end; at++, up++) {
          const hasLeft = at - begin >= pixelStep;
          const left = hasLeft ? data[at - pixelStep]! : 0;
          const upper = above < 0 ? 0 : data[up]!;
          data[at] = data[at]! + paeth(left, upper, hasLeft && above >= 0 ? data[up - pixelStep]! : 0);
        }
        break;
      default:
        return row;
    }
  }
  return -1;
}

/**
 * Filters each row with whichever of the five gives the smallest sum of absolute differences.
 *
 * @param data [rows, rowBytes]
 * @returns [rows, 1 + rowBytes]
 */
export function filterRows(data: Uint8Array, rowBytes: number, rows: number, pixelStep: number): Uint8Array {
  const filtered = new Uint8Array(rows * (rowBytes + 1));
  const candidate = new Uint8Array(rowBytes);
  for (let row = 0; row < rows; row++) {
    const begin = row * rowBytes;
    let best = Infinity;
    for (let filter = 0; filter < 5; filter++) {
      let cost = 0;
      for (let index = 0; index < rowBytes; index++) {
        const at = begin + index;
        const left = index < pixelStep ? 0 : data[at - pixelStep]!;
        const upper = row === 0 ? 0 : data[at - rowBytes]!;
        const corner = index < pixelStep || row === 0 ? 0 : data[at - rowBytes - pixelStep]!;
        const guess = filter === 0 ? 0 : filter === 1 ? left : filter === 2 ? upper : filter === 3 ? (left + upper) >> 1 : paeth(left, upper, corner);
        const difference = (data[at]! - guess) & 255;
        candidate[index] = difference;
        cost += difference < 128 ? difference : 256 - difference;
      }
      if (cost < best) {
        best = cost;
        filtered[row * (rowBytes + 1)] = filter;
        filtered.set(candidate, row * (rowBytes + 1) + 1);
      }
    }
  }
  return filtered;
}

function paeth(left: number, upper: number, corner: number): number {
  const estimate = left + upper - corner;
  const toLeft = Math.abs(estimate - left);
  const toUpper = Math.abs(estimate - upper);
  const toCorner = Math.abs(estimate - corner);
  return toLeft <= toUpper && toLeft <= toCorner ? left : toUpper <= toCorner ? upper : corner;
}
