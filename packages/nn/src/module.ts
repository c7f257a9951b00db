import { CheckpointError, formatList, formatShape, OptionError } from "@multiway/errors";
import { Tensor } from "@multiway/tensor";

/** One tensor of a module. */
export interface ModuleTensor {
  /** Its place: `layers.3.attention.query.weight`. */
  name: string;
  tensor: Tensor;
  /** Declared by a module's class as learning without gradients. */
  isBuffer: boolean;
  /** In or under a frozen module. */
  isFrozen: boolean;
}

/** What fits and what does not when tensors are put into a module. */
export interface LoadReport {
  loaded: string[];
  /** In the module, not among what was given. */
  missing: string[];
  /** Given, but not in the module. */
  unexpected: string[];
  /** Of another shape; or of another dtype, where one of the two is no float. */
  mismatched: { name: string; given: string; expected: string }[];
}

/**
 * The base of all layers and models.
 *
 * Tensor fields are parameters, module fields and arrays of modules nest, the rest is plain configuration. Nothing is hidden: randomness is a key
 * passed in, training is an argument, and a module is a tree that `grad`, `compile` and `mapTree` take and return.
 *
 * State that learns without gradients is declared by the class: `static readonly buffers = ["codebook"]`.
 *
 * ```ts
 * class Net extends Module {
 *   hidden = new Linear(4, 16);
 *   output = new Linear(16, 2);
 *   forward(x: Tensor) {
 *     return this.output.forward(this.hidden.forward(x).gelu());
 *   }
 * }
 * const net = await initialise(new Net(), { device, key: key(0) });
 * ```
 */
export abstract class Module {
  /** Whether this module is a constant to gradients, with all below it; undefined: as the module around it. Set by {@link Module.freeze}. */
  declare frozen?: boolean;

  /** All tensors, buffers too, in the order of the fields. */
  tensors(): ModuleTensor[] {
    const list: ModuleTensor[] = [];
    visit(this, "", false, list);
    return list;
  }

  /** The tensors that learn by gradients, frozen ones too. */
  parameters(): ModuleTensor[] {
    return this.tensors().filter(({ isBuffer }) => !isBuffer);
  }

  /** Number of elements of all parameters; of those that are not frozen on request. */
  countParameters({ trainableOnly = false }: { trainableOnly?: boolean } = {}): number {
    return this.parameters().reduce((sum, { tensor, isFrozen }) => sum + (trainableOnly && isFrozen ? 0 : tensor.size), 0);
  }

  /** Every tensor by name, as checkpoints keep them. */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries(this.tensors().map(({ name, tensor }) => [name, tensor]));
  }

  /**
   * Puts tensors into the fields that their names point to.
   *
   * @param strict  default true: throws before anything is changed, naming all that does not fit
   * @throws CheckpointError listing missing, unexpected and mismatched names at once
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>, { strict = true }: { strict?: boolean } = {}): LoadReport {
    const own = new Map(this.tensors().map(({ name, tensor }) => [name, tensor]));
    const report: LoadReport = { loaded: [], missing: [], unexpected: Object.keys(state).filter((name) => !own.has(name)), mismatched: [] };
    for (const [name, tensor] of own) {
      const given = state[name];
      if (!given) report.missing.push(name);
      else if (!fits(given, tensor)) report.mismatched.push({ name, given: describe(given), expected: describe(tensor) });
      else report.loaded.push(name);
    }
    if (strict && report.missing.length + report.unexpected.length + report.mismatched.length > 0) {
      const parts = [
        report.missing.length > 0 ? `missing ${formatList(report.missing)}` : "",
        report.unexpected.length > 0 ? `unexpected ${formatList(report.unexpected)}` : "",
        report.mismatched.length > 0 ? `mismatched ${formatList(report.mismatched.map(({ name, given, expected }) => `${name} (${given} given, ${expected} expected)`))}` : "",
      ].filter(Boolean);
      throw new CheckpointError(`loadStateDict: ${parts.join("; ")}; expected the ${own.size} tensors of ${this.constructor.name}. Pass { strict: false } to load what fits.`, { details: { report } });
    }
    for (const name of report.loaded) assign(this, name, state[name]!);
    return report;
  }

  /** Makes this module, or the modules at the given places, a constant to gradients, with all inside. Returns the module. */
  freeze(...places: string[]): this {
    return this.mark("freeze", places, true);
  }
  /**
   * Lets this module, or the modules at the given places, learn, with all inside, even within a frozen one. Returns the module.
   *
   * ```ts
   * model.freeze().unfreeze("head"); // only the head learns
   * ```
   */
  unfreeze(...places: string[]): this {
    return this.mark("unfreeze", places, false);
  }
  private mark(caller: string, places: string[], frozen: boolean): this {
    const modules = (places.length > 0 ? places : [""]).map((place) => {
      const module = place === "" ? this : (find(this, place) as unknown);
      if (!(module instanceof Module)) throw new OptionError(`${caller}: "${place}" is no module of ${this.constructor.name}; expected a place such as ${formatList(moduleNames(this).slice(0, 4))}.`, { details: { place } });
      return module;
    });
    for (const module of modules) {
      for (const inner of modulesIn(module)) delete inner.frozen;
      module.frozen = frozen;
    }
    return this;
  }

  /** A table of all tensors: place, kind, shape, number of elements; the first line sums up the parameters. */
  summary(): string {
    const rows = [{ name: "(all)", kind: this.constructor.name, shapes: "", count: this.countParameters() }];
    for (const { name, tensor, isBuffer, isFrozen } of this.tensors()) {
      rows.push({ name, kind: isBuffer ? "buffer" : isFrozen ? "frozen" : "parameter", shapes: describe(tensor), count: tensor.size });
    }
    const widths = [Math.max(...rows.map((row) => row.name.length)), Math.max(...rows.map((row) => row.kind.length)), Math.max(...rows.map((row) => row.shapes.length))] as const;
    return rows.map((row) => `${row.name.padEnd(widths[0])}  ${row.kind.padEnd(widths[1])}  ${row.shapes.padEnd(widths[2])}  ${row.count.toLocaleString("en-US").padStart(13)}`).join("\n");
  }
}

/** `f32[3, 4]` */
const describe = ({ dtype, shape }: Tensor): string => dtype + formatShape(shape);

/** A half float is as good as a whole one; a count is no weight. */
function fits(given: Tensor, own: Tensor): boolean {
  const kind = ({ dtype }: Tensor) => (dtype === "f16" ? "f32" : dtype);
  return given.shape.join() === own.shape.join() && kind(given) === kind(own);
}

function visit(item: unknown, path: string, isFrozen: boolean, list: ModuleTensor[]): void {
  if (typeof item !== "object" || item === null) return;
  const frozen = (item instanceof Module ? item.frozen : undefined) ?? isFrozen;
  const buffers = item instanceof Module ? ((item.constructor as { buffers?: readonly string[] }).buffers ?? []) : [];
  for (const [name, child] of Object.entries(item)) {
    const place = path ? `${path}.${name}` : name;
    if (child instanceof Tensor) list.push({ name: place, tensor: child, isBuffer: buffers.includes(name), isFrozen: frozen });
    else if (child instanceof Module || Array.isArray(child) || Object.getPrototypeOf(child ?? 0) === Object.prototype) visit(child, place, frozen, list);
  }
}

function modulesIn(item: unknown): Module[] {
  if (typeof item !== "object" || item === null || item instanceof Tensor) return [];
  return Object.values(item).flatMap((child) => [...(child instanceof Module ? [child] : []), ...modulesIn(child)]);
}

function moduleNames(module: Module): string[] {
  return Object.entries(module).flatMap(([name, child]) => (child instanceof Module ? [name] : Array.isArray(child) ? child.flatMap((item, index) => (item instanceof Module ? [`${name}.${index}`] : [])) : []));
}

function find(module: Module, place: string): unknown {
  let current: unknown = module;
  for (const name of place.split(".")) current = typeof current === "object" && current !== null ? (current as Record<string, unknown>)[name] : undefined;
  return current;
}

function assign(module: Module, place: string, tensor: Tensor): void {
  const names = place.split(".");
  const last = names.pop()!;
  const holder = names.length > 0 ? find(module, names.join(".")) : module;
  (holder as Record<string, unknown>)[last] = tensor;
}

