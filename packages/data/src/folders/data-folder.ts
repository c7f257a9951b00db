/** Files by their paths in a folder: a folder of the disk, or files that a page was given. */
export interface DataFolder {
  /** What messages call it. */
  readonly name: string;
  /** Paths of all files in it and below, with `/` between parts, in code point order; hidden ones are left out. */
  readonly paths: readonly string[];
  /** Paths of all folders in it and below, those without files too. */
  readonly folders: readonly string[];
  /** @throws DataError for a path that is not among them, or a file that cannot be read */
  read(path: string): Promise<Uint8Array>;
}

/** What {@link openFolder} takes. */
export type FolderSource = string | URL | Readonly<Record<string, Blob | Uint8Array>>;

/** Whether a path or a part of it begins with a dot. */
export const isHidden = (path: string): boolean => path.split("/").some((part) => part.startsWith("."));

export const inOrder = (paths: Iterable<string>): string[] => [...paths].filter((path) => !isHidden(path)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
