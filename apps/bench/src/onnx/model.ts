import { ProtobufWriter } from "./protobuf.ts";

/** A model, what it is fed, and the name of what it gives. */
export interface OnnxCase {
  model: Uint8Array;
  feeds: Readonly<Record<string, { data: Float32Array; shape: readonly number[] }>>;
  output: string;
}

type Attribute = number | readonly number[] | { float: number } | string;

// Numbers of fields and enumerations: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const float32 = 1;
const int64 = 7;
const irVersion = 9;
const opset = 20;

/** Builds an ONNX model (opset 20) node by node. Tensors are named; what `node` returns goes into the next one. */
export class OnnxModel {
  readonly #nodes: ((graph: ProtobufWriter) => void)[] = [];
  readonly #constants: ((graph: ProtobufWriter) => void)[] = [];
  readonly #inputs: ((graph: ProtobufWriter) => void)[] = [];
  readonly #feeds: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
  #count = 0;

  /** An input, and what it is fed. */
  input(data: Float32Array, shape: readonly number[]): string {
    const name = this.#name("input");
    this.#feeds[name] = { data, shape };
    this.#inputs.push((graph) => graph.message(11, (info) => valueInfo(info, name, shape)));
    return name;
  }

  /** A weight. */
  constant(data: Float32Array, shape: readonly number[]): string {
    return this.#initializer(float32, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Whole numbers, such as the shape that Reshape takes. */
  integers(values: readonly number[]): string {
    return this.#initializer(int64, [values.length], new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer));
  }

  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, numOutputs = 1): string {
    return this.nodes(op, inputs, attributes, numOutputs)[0]!;
  }

  /** A node with several outputs. */
  nodes(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>>, numOutputs: number): string[] {
    const outputs = Array.from({ length: numOutputs }, () => this.#name(op));
    this.#nodes.push((graph) =>
      graph.message(1, (node) => {
        for (const input of inputs) node.text(1, input);
        for (const output of outputs) node.text(2, output);
        node.text(3, outputs[0]!).text(4, op);
        for (const [name, value] of Object.entries(attributes)) node.message(5, (attribute) => writeAttribute(attribute, name, value));
      }),
    );
    return outputs;
  }

  /** The case whose result is `output`. */
  finish(output: string, shape: readonly number[]): OnnxCase {
    const model = new ProtobufWriter().varint(1, irVersion).text(2, "multiway-bench");
    model.message(7, (graph) => {
      for (const write of this.#nodes) write(graph);
      graph.text(2, "case");
      for (const write of this.#constants) write(graph);
      for (const write of this.#inputs) write(graph);
      graph.message(12, (info) => valueInfo(info, output, shape));
    });
    model.message(8, (set) => set.text(1, "").varint(2, opset));
    return { model: model.finish(), feeds: this.#feeds, output };
  }

  #name(stem: string): string {
    return `${stem}-${this.#count++}`;
  }

  #initializer(dtype: number, shape: readonly number[], bytes: Uint8Array): string {
    const name = this.#name("constant");
    this.#constants.push((graph) =>
      graph.message(5, (tensor) => {
        for (const extent of shape) tensor.varint(1, extent);
        tensor.varint(2, dtype).text(8, name).bytes(9, bytes);
      }),
    );
    return name;
  }
}

function valueInfo(info: ProtobufWriter, name: string, shape: readonly number[]): void {
  info.text(1, name).message(2, (type) =>
    type.message(1, (tensor) =>
      tensor.varint(1, float32).message(2, (dimensions) => {
        for (const extent of shape) dimensions.message(1, (dimension) => dimension.varint(1, extent));
      }),
    ),
  );
}

function writeAttribute(attribute: ProtobufWriter, name: string, value: Attribute): void {
  attribute.text(1, name);
  if (typeof value === "number") attribute.varint(3, value).varint(20, 2);
  else if (typeof value === "string") attribute.text(4, value).varint(20, 3);
  else if ("float" in value) attribute.float(2, value.float).varint(20, 1);
  else {
    for (const one of value) attribute.varint(8, one);
    attribute.varint(20, 7);
  }
}
