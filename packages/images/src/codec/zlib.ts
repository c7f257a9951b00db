/**
 * Inflates a zlib stream of a known length with the platform's own inflater.
 *
 * No more than `sizeBytes` is ever kept, so a small file cannot fill the memory.
 *
 * @returns fewer bytes than asked for when the stream ends or breaks early
 */
export async function inflateExactly(parts: readonly Uint8Array[], sizeBytes: number): Promise<{ bytes: Uint8Array; problem?: unknown }> {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  void (async () => {
    for (const part of parts) await writer.write(part as BufferSource);
    await writer.close();
  })().catch(() => {}); // the reader meets the same error
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  let problem: unknown;
  try {
    while (filled < sizeBytes) {
      const { value, done } = await reader.read();
      if (done) break;
      const chunk = (value as Uint8Array).subarray(0, sizeBytes - filled);
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    await reader.cancel();
  } catch (error) {
    problem = error;
  }
  return filled < sizeBytes ? { bytes: bytes.subarray(0, filled), problem } : { bytes };
}

/** A zlib stream of the bytes, by the platform's own compressor. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
