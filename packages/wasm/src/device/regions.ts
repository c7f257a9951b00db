import { addressAlignment } from "./address-space.ts";
import type { LoweredProgram } from "./lower-program.ts";
import type { SharedRegions } from "./protocol.ts";

const none = { arena: 0, workspace: 0, scratch: 0 };
const align = (bytes: number): number => Math.ceil(bytes / addressAlignment) * addressAlignment;

/** The arena, workspace and scratch memory that all programs share, because they run one after another. */
export class Regions {
  readonly #threads: number;
  readonly #take: (numBytes: number) => number;
  readonly #release: (address: number) => void;
  #sizes = none;
  #current: { address: number; regions: SharedRegions } | undefined;

  constructor(threads: number, take: (numBytes: number) => number, release: (address: number) => void) {
    this.#threads = threads;
    this.#take = take;
    this.#release = release;
  }

  /** Made anew when a program needs more than there is; otherwise the same object as before. */
  for({ arenaBytes, workspaceBytes, scratchBytes }: Pick<LoweredProgram, "arenaBytes" | "workspaceBytes" | "scratchBytes">): SharedRegions {
    const sizes = this.#sizes;
    if (this.#current && arenaBytes <= sizes.arena && workspaceBytes <= sizes.workspace && scratchBytes <= sizes.scratch) return this.#current.regions;
    const next = {
      arena: Math.max(sizes.arena, align(arenaBytes)),
      workspace: Math.max(sizes.workspace, align(workspaceBytes)),
      scratch: Math.max(sizes.scratch, align(scratchBytes)),
    };
    if (this.#current) this.#release(this.#current.address);
    this.#current = undefined;
    this.#sizes = none;
    const address = this.#take(next.arena + next.workspace + this.#threads * next.scratch);
    this.#sizes = next;
    const regions = {
      arenaAddress: address,
      workspaceAddress: address + next.arena,
      scratchAddress: address + next.arena + next.workspace,
      scratchBytes: next.scratch,
    };
    this.#current = { address, regions };
    return regions;
  }
}
