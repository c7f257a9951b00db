/**
 * Writes Protocol Buffers: the two wire types that ONNX needs of our models (varint, length-delimited) and packed numbers.
 * https://protobuf.dev/programming-guides/encoding
 */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  varint(field: number, value: number | bigint): this {
    return this.#append(varintBytes((field << 3) | 0)).#append(varintBytes(value));
  }
  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }
  bytes(field: number, value: Uint8Array): this {
    return this.#append(varintBytes((field << 3) | 2)).#append(varintBytes(value.length)).#append(value);
  }
  float(field: number, value: number): this {
    return this.#append(varintBytes((field << 3) | 5)).#append(new Uint8Array(Float32Array.of(value).buffer));
  }
  message(field: number, write: (writer: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    write(inner);
    this.#append(varintBytes((field << 3) | 2)).#append(varintBytes(inner.#size));
    for (const part of inner.#parts) this.#append(part);
    return this;
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.#size);
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  #append(part: Uint8Array): this {
    this.#parts.push(part);
    this.#size += part.length;
    return this;
  }
}

/** Seven bits at a time, lowest first; negative numbers as 64-bit two's complement. */
function varintBytes(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
