import type { Shape } from "@multiway/tensor";
import type { ElementType } from "../element-types.ts";

/** The memory that tensors of a PyTorch file share: the bytes of one storage. */
export interface Storage {
  /** The name by which the file knows it. */
  key: string;
  type: ElementType | undefined;
  /** In elements; in bytes where it has no type. */
  length: number;
}

/** A tensor of a PyTorch file: a view of a storage. */
export class PickledTensor {
  constructor(
    readonly type: ElementType,
    readonly shape: Shape,
    /** In elements, like `offset`. */
    readonly strides: readonly number[],
    readonly offset: number,
    readonly storage: Storage,
  ) {}
}

/** What Python objects become. Tuples and lists are arrays; dictionaries and namespaces are maps. */
export type Pickled = null | boolean | number | bigint | string | Uint8Array | readonly Pickled[] | ReadonlyMap<Pickled, Pickled> | ReadonlySet<Pickled> | PickledTensor;
