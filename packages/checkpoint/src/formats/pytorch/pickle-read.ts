import { formatValue } from "@multiway/errors";
import { failure, type Place } from "../../failure.ts";
import { isMutable, knownClass, type KnownClass } from "./known-classes.ts";
import type { Pickled } from "./pickled.ts";

/** The bytes ended in the middle of a pickle: it is damaged, or more of the file has to be read. */
export class PickleEnded extends Error {}

export interface PickleOptions {
  /** Where the pickle begins. Default 0. */
  begin?: number;
  /** What a persistent id stands for: PyTorch's storages. */
  persistent: (id: unknown) => unknown;
}

/** The stack's marker for where the items of a container begin. */
const mark = Symbol("mark");

/** Of whole numbers; the magic number of PyTorch's older form has ten bytes. */
const maxNumberBytes = 1024;
/** Elements that are copied when containers are made of others. Each call could copy all that is there. */
const maxCopies = 16_000_000;

const newlyGot = "Is it a PyTorch file? It may be damaged; get a new copy.";
const textDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads one pickle of protocol 0 to 5 (Python's `pickletools` documents the opcodes). Nothing is executed: objects of classes that are not on a short list are refused.
 *
 * @returns the value, and the position behind it
 * @throws PickleEnded when the bytes end first
 * @throws CheckpointError naming what is not allowed, and its place
 */
export function readPickle(bytes: Uint8Array, place: Place, options: PickleOptions): { value: Pickled; end: number } {
  const reader = new PickleReader(bytes, place, options);
  const value = reader.run();
  return { value, end: reader.position };
}

class PickleReader {
  position: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #place: Place;
  readonly #persistent: (id: unknown) => unknown;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array, place: Place, { begin = 0, persistent }: PickleOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#place = place;
    this.position = begin;
    this.#persistent = persistent;
  }

  run(): Pickled {
    for (;;) {
      const opcode = this.#u8();
      if (opcode === 0x2e) {
        const value = this.#pop();
        if (this.#stack.length > 0) throw this.#damaged(`${this.#stack.length} values are left over at its end`);
        return value as Pickled;
      }
      this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    const stack = this.#stack;
    switch (opcode) {
      case 0x80: { // PROTO
        const protocol = this.#u8();
        if (protocol > 5) throw failure(this.#place, `its pickle has protocol ${protocol}; up to 5 are read`, "Save it with an older pickle_protocol.");
        return;
      }
      case 0x95: return void this.#take(8); // FRAME
      case 0x28: return void stack.push(mark); // MARK
      case 0x30: return void this.#pop(); // POP
      case 0x31: return void this.#popToMark(); // POP_MARK
      case 0x32: return void stack.push(this.#peek()); // DUP

      case 0x4e: return void stack.push(null);
      case 0x88: return void stack.push(true);
      case 0x89: return void stack.push(false);
      case 0x49: { // INT, which also spells booleans
        const line = this.#line();
        return void stack.push(line === "00" ? false : line === "01" ? true : this.#integerOf(line));
      }
      case 0x4c: return void stack.push(this.#integerOf(this.#line().replace(/L$/, ""))); // LONG
      case 0x4a: return void stack.push(this.#view.getInt32(this.#take(4), true)); // BININT
      case 0x4b: return void stack.push(this.#u8());
      case 0x4d: return void stack.push(this.#view.getUint16(this.#take(2), true));
      case 0x8a: return void stack.push(this.#long(this.#u8())); // LONG1
      case 0x8b: return void stack.push(this.#long(this.#u32())); // LONG4
      case 0x46: return void stack.push(this.#float(this.#line())); // FLOAT
      case 0x47: return void stack.push(this.#view.getFloat64(this.#take(8))); // BINFLOAT

      case 0x53: return void stack.push(this.#quoted(this.#line())); // STRING
      case 0x56: return void stack.push(this.#rawUnicode(this.#line())); // UNICODE
      case 0x54: return void stack.push(this.#latin1(this.#u32())); // BINSTRING
      case 0x55: return void stack.push(this.#latin1(this.#u8()));
      case 0x58: return void stack.push(this.#text(this.#u32())); // BINUNICODE
      case 0x8c: return void stack.push(this.#text(this.#u8()));
      case 0x8d: return void stack.push(this.#text(this.#u64()));
      case 0x42: return void stack.push(this.#blob(this.#u32())); // BINBYTES
      case 0x43: return void stack.push(this.#blob(this.#u8()));
      case 0x8e: return void stack.push(this.#blob(this.#u64()));
      case 0x96: return void stack.push(this.#blob(this.#u64())); // BYTEARRAY8

      case 0x5d: return void stack.push([]);
      case 0x6c: return void stack.push(this.#popToMark()); // LIST
      case 0x61: return this.#append([this.#pop()]); // APPEND
      case 0x65: return this.#append(this.#popToMark()); // APPENDS
      case 0x29: return void stack.push([]); // EMPTY_TUPLE
      case 0x74: return void stack.push(this.#popToMark()); // TUPLE
      case 0x85:
      case 0x86:
      case 0x87: return void stack.push(this.#popMany(opcode - 0x84)); // TUPLE1 to TUPLE3
      case 0x7d: return void stack.push(new Map());
      case 0x64: { // DICT
        const pairs = this.#popToMark();
        stack.push(new Map());
        return this.#setItems(pairs);
      }
      case 0x73: return this.#setItems(this.#popMany(2)); // SETITEM
      case 0x75: return this.#setItems(this.#popToMark()); // SETITEMS
      case 0x8f: return void stack.push(new Set());
      case 0x90: { // ADDITEMS
        const items = this.#popToMark();
        const set = this.#peek();
        if (!(set instanceof Set)) throw this.#damaged("items are added to what is no set");
        for (const item of items) set.add(item);
        return;
      }
      case 0x91: return void stack.push(new Set(this.#popToMark())); // FROZENSET

      case 0x67: return this.#recall(this.#integerOf(this.#line())); // GET
      case 0x68: return this.#recall(this.#u8());
      case 0x6a: return this.#recall(this.#u32());
      case 0x70: return void this.#memo.set(Number(this.#integerOf(this.#line())), this.#peek()); // PUT
      case 0x71: return void this.#memo.set(this.#u8(), this.#peek());
      case 0x72: return void this.#memo.set(this.#u32(), this.#peek());
      case 0x94: return void this.#memo.set(this.#memo.size, this.#peek()); // MEMOIZE

      case 0x63: return void stack.push(this.#class(this.#line(), this.#line())); // GLOBAL
      case 0x93: { // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        return void stack.push(this.#class(String(module), String(name)));
      }
      case 0x52: // REDUCE
      case 0x81: { // NEWOBJ
        const [known, values] = this.#popMany(2);
        return void stack.push(this.#make(known, values));
      }
      case 0x92: { // NEWOBJ_EX
        const [known, values, named] = this.#popMany(3);
        if (!(named instanceof Map) || named.size > 0) throw this.#damaged("an object is made with named arguments");
        return void stack.push(this.#make(known, values));
      }
      case 0x62: { // BUILD
        const state = this.#pop();
        const object = this.#peek();
        if (isMutable(object)) object.setState?.(state);
        else if (object instanceof Map && state instanceof Map && this.#isNamespace(object)) for (const [name, value] of state) object.set(name, value);
        return;
      }
      case 0x50: return void stack.push(this.#persistent(this.#line())); // PERSID
      case 0x51: return void stack.push(this.#persistent(this.#pop())); // BINPERSID
      default:
        throw this.#damaged(`opcode 0x${opcode.toString(16)} is none that a checkpoint needs`);
    }
  }

  #class(module: string, name: string): KnownClass {
    const known = knownClass(module, name);
    if (known) return known;
    throw failure(this.#place, `it holds ${formatValue(`${module}.${name}`)}, which is not read: only tensors, numbers, texts and containers of them are, and nothing in a file is ever executed`, "In PyTorch, save the parameters alone: torch.save({\"model\": model.state_dict()}, path).", {
      details: { class: `${module}.${name}` },
    });
  }

  #make(known: unknown, values: unknown): unknown {
    if (!isKnownClass(known) || !Array.isArray(values)) throw this.#damaged("something that is no class is called");
    for (const value of values as unknown[]) this.#copies += extentOf(value);
    if (this.#copies > maxCopies) throw this.#damaged("containers are made of others over and over");
    const made = known.make?.(values);
    if (made === undefined) throw this.#damaged(`${known.name} is called with ${values.length} arguments that do not fit`);
    if (known.isNamespace) this.#namespaces.add(made as Map<unknown, unknown>);
    return made;
  }

  #copies = 0;
  readonly #namespaces = new WeakSet<Map<unknown, unknown>>();
  #isNamespace(object: Map<unknown, unknown>): boolean {
    return this.#namespaces.has(object);
  }

  #append(items: unknown[]): void {
    const list = this.#peek();
    if (!Array.isArray(list)) throw this.#damaged("items are appended to what is no list");
    for (const item of items) list.push(item);
  }

  #setItems(pairs: unknown[]): void {
    const map = this.#peek();
    if (!(map instanceof Map) || pairs.length % 2 !== 0) throw this.#damaged("items are set in what is no dictionary");
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  }

  #recall(number: number | bigint): void {
    const key = Number(number);
    if (!this.#memo.has(key)) throw this.#damaged(`value ${key} is asked for before it is there`);
    this.#stack.push(this.#memo.get(key));
  }

  #pop(): unknown {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) throw this.#damaged("a value is missing");
    return value;
  }
  #peek(): unknown {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) throw this.#damaged("a value is missing");
    return value;
  }
  #popMany(count: number): unknown[] {
    const values = Array.from({ length: count }, () => this.#pop());
    return values.reverse();
  }
  #popToMark(): unknown[] {
    const from = this.#stack.lastIndexOf(mark);
    if (from < 0) throw this.#damaged("a container has no beginning");
    const items = this.#stack.splice(from);
    items.shift();
    return items;
  }

  /** Position of the next `count` bytes, which are passed over. */
  #take(count: number): number {
    const at = this.position;
    if (count > this.#bytes.length - at) throw new PickleEnded();
    this.position = at + count;
    return at;
  }
  #u8(): number {
    return this.#bytes[this.#take(1)]!;
  }
  #u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  #u64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }
  #blob(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }
  #latin1(length: number): string {
    const at = this.#take(length);
    let text = "";
    for (let begin = at; begin < at + length; begin += 8192) text += String.fromCharCode(...this.#bytes.subarray(begin, Math.min(at + length, begin + 8192)));
    return text;
  }
  #text(length: number): string {
    const at = this.#take(length);
    try {
      return textDecoder.decode(this.#bytes.subarray(at, at + length));
    } catch {
      // Lone surrogates, which Python writes as it writes any other character.
      return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
    }
  }
  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw new PickleEnded();
    const line = this.#latin1(end - this.position);
    this.position = end + 1;
    return line;
  }

  /** A signed little-endian number of any length. */
  #long(length: number): number | bigint {
    if (length > maxNumberBytes) throw this.#damaged(`a whole number has ${length} bytes; at most ${maxNumberBytes} are read`);
    const bytes = this.#blob(length);
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return narrow(length > 0 && bytes[length - 1]! >= 0x80 ? value - (1n << BigInt(8 * length)) : value);
  }
  #integerOf(text: string): number | bigint {
    if (text.length > maxNumberBytes || !/^[+-]?\d+$/.test(text)) throw this.#damaged(`${formatValue(text)} stands where a whole number should`);
    return narrow(BigInt(text.replace(/^\+/, "")));
  }
  #float(text: string): number {
    if (/^[+-]?(nan|inf)$/.test(text)) return text.includes("nan") ? NaN : text.startsWith("-") ? -Infinity : Infinity;
    const value = Number(text);
    if (text === "" || Number.isNaN(value)) throw this.#damaged(`${formatValue(text)} stands where a number should`);
    return value;
  }
  #quoted(text: string): string {
    const quote = text[0];
    if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) throw this.#damaged("a text has no quotation marks");
    return text.slice(1, -1).replace(/\\(x[0-9a-f]{2}|.)/gi, (_, escape: string) => (escape.length === 3 ? String.fromCharCode(parseInt(escape.slice(1), 16)) : (simpleEscapes[escape] ?? escape)));
  }
  #rawUnicode(text: string): string {
    return text.replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi, (_, four?: string, eight?: string) => String.fromCodePoint(Math.min(0x10ffff, parseInt((four ?? eight)!, 16))));
  }

  #damaged(what: string): Error {
    return failure(this.#place, `byte ${this.position} of its pickle: ${what}`, newlyGot, { details: { position: this.position } });
  }
}

const simpleEscapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", 0: "\0" };
const extentOf = (value: unknown): number => (typeof value === "string" || Array.isArray(value) || value instanceof Uint8Array ? value.length : value instanceof Map || value instanceof Set ? value.size : 0);
const isKnownClass = (value: unknown): value is KnownClass => typeof value === "object" && value !== null && "isKnownClass" in value;
const narrow = (value: bigint): number | bigint => (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value);
