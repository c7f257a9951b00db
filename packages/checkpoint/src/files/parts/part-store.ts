/** Keeps parts of files under names: in a folder, in a page's own storage, in memory. Names are letters, digits, dots and hyphens. */
export interface PartStore {
  /** Names and sizes in bytes of all that is kept. */
  list(): Promise<ReadonlyMap<string, number>>;
  /** All or not at all; what had the name goes. @throws CheckpointError where there is no room */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Bytes `begin` up to `end` of a part; undefined when it is gone. */
  read(name: string, begin: number, end: number): Promise<Uint8Array | undefined>;
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}
