import type { Device } from "@multiway/tensor";

const size = 512;
const rounds = 5;

/** Billions of multiplications and additions a second, in the best of a few products of matrices, with the way there and back. */
export async function measureSpeed(device: Device): Promise<number> {
  const x = device.full([size, size], 1 / size);
  let least = Infinity;
  // The first one makes the kernel.
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    await x.matmul(x).narrow(0, 0, 1).sum().item();
    if (round > 0) least = Math.min(least, performance.now() - began);
  }
  x.dispose();
  return (2 * size ** 3) / least / 1e6;
}
