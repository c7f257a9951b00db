import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Beit3 } from "@multiway/beit3";
import { DataError, ImageError } from "@multiway/errors";
import { loadImage, type Image } from "@multiway/images";

const pictureName = /\.(png|jpe?g|webp|gif|avif)$/i;

/** The pictures in a folder and those below it, by name. @throws DataError when there is none */
export async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile() && pictureName.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
  if (found.length === 0) throw new DataError(`${folder}: it holds no pictures; expected PNG, JPEG, WebP, GIF or AVIF files by their names. Check the folder.`, { details: { folder } });
  return found.sort();
}

/** Paths and addresses as they are, folders as the pictures in them. */
export async function expandFolders(places: readonly string[]): Promise<string[]> {
  const expanded = await Promise.all(places.map(async (place) => ((await stat(place).then((stats) => stats.isDirectory(), () => false)) ? picturesIn(place) : [place])));
  return expanded.flat();
}

const chunk = 64;

/**
 * Vectors of many pictures; so many as fit in memory are open at a time. Damaged ones are left out and told of.
 *
 * @throws DataError when none can be read
 * @param leaveOut  is told of each that is left out
 */
export async function encodePictures(model: Beit3, paths: readonly string[], { signal, leaveOut }: { signal: AbortSignal; leaveOut: (error: ImageError) => void }): Promise<{ path: string; vector: Float32Array }[]> {
  const encoded: { path: string; vector: Float32Array }[] = [];
  for (let begin = 0; begin < paths.length; begin += chunk) {
    const opened: { path: string; image: Image }[] = [];
    for (const path of paths.slice(begin, begin + chunk)) {
      signal.throwIfAborted();
      try {
        opened.push({ path, image: await loadImage(path) });
      } catch (error) {
        if (!ImageError.isInstance(error)) throw error;
        leaveOut(error);
      }
    }
    const vectors = await model.encodeImage(opened.map(({ image }) => image), { signal });
    opened.forEach(({ path }, index) => encoded.push({ path, vector: vectors[index]!.vector }));
  }
  if (encoded.length === 0) throw new DataError(`none of ${paths.length} pictures can be read; expected at least one. Get them anew.`, { details: { paths } });
  return encoded;
}
