import { describe, expect, it } from "vitest";
import { ProtobufWriter } from "./protobuf.ts";

const hex = (writer: ProtobufWriter) => Buffer.from(writer.finish()).toString("hex");

// The first three are the examples of https://protobuf.dev/programming-guides/encoding.
describe("ProtobufWriter", () => {
  it("writes numbers, text and messages", () => {
    expect(hex(new ProtobufWriter().varint(1, 150))).toBe("089601");
    expect(hex(new ProtobufWriter().text(2, "testing"))).toBe("120774657374696e67");
    expect(hex(new ProtobufWriter().message(3, (inner) => inner.varint(1, 150)))).toBe("1a03089601");
    expect(hex(new ProtobufWriter().float(2, 1))).toBe("150000803f");
  });
  it("writes negative numbers as 64 bits, and fields over 15 in two bytes", () => {
    expect(hex(new ProtobufWriter().varint(3, -1))).toBe("18ffffffffffffffffff01");
    expect(hex(new ProtobufWriter().varint(20, 7))).toBe("a00107");
  });
});
