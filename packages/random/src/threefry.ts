/** Rotation distances of Threefry-2x32 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", table 2). */
export const threefryRotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** The parity word of Threefry's key schedule for 32-bit words. */
export const threefryParity = 0x1bd11bda;

/**
 * Threefry-2x32 with 20 rounds: two words of a key and a two-word counter give two random words.
 *
 * The tensor ops spell the same function as a kernel expression, so plain code and tensors draw from one stream.
 *
 * @returns two unsigned 32-bit words
 * Source: Salmon et al. 2011, section 3.2; test vectors of Random123 1.14 (`kat_vectors`).
 */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const schedule = [key0 | 0, key1 | 0, (key0 ^ key1 ^ threefryParity) | 0];
  let x0 = (counter0 + schedule[0]!) | 0;
  let x1 = (counter1 + schedule[1]!) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = threefryRotations[round % 8]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = (x0 + schedule[injection % 3]!) | 0;
      x1 = (x1 + schedule[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}
