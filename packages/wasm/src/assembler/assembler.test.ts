import { describe, expect, test } from "vitest";
import { ByteWriter, call, f32, f32x4, i32, i32x4, ModuleBuilder, select, v128, type ModuleOptions } from "./index.ts";

const memoryOptions = { module: "device", name: "memory", initialPages: 1, maximumPages: 4, shared: false };

function instantiate(build: (module: ModuleBuilder) => void, options: Partial<ModuleOptions> = {}) {
  const module = new ModuleBuilder({ relaxedSimd: false, memory: memoryOptions, ...options });
  build(module);
  const shared = options.memory?.shared ?? false;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { device: { memory } });
  return { memory, exports: exports as Record<string, (...operands: number[]) => number> };
}

describe("LEB128", () => {
  const written = (write: (out: ByteWriter) => void): number[] => {
    const out = new ByteWriter();
    write(out);
    return [...out.toBytes()];
  };

  test("unsigned and signed numbers", () => {
    expect(written((out) => out.unsigned(624485))).toEqual([0xe5, 0x8e, 0x26]);
    expect(written((out) => out.unsigned(0xffffffff))).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(written((out) => out.signed(-123456))).toEqual([0xc0, 0xbb, 0x78]);
    expect(written((out) => out.signed(64))).toEqual([0xc0, 0x00]);
  });
});

describe("code", () => {
  test("literals fold, and neutral elements vanish", () => {
    expect(i32.mul(i32.add(3, 4), 6).constant).toBe(42);
    const x = i32.load(0);
    expect(i32.add(x, 0)).toBe(x);
    expect(i32.mul(1, x)).toBe(x);
  });

  test("loops, branches, calls and recursion", () => {
    const { exports } = instantiate((module) => {
      const twice = module.define(undefined, ["i32"], ["i32"], (code, x) => code.return(i32.add(x, x)));
      const square = module.define(undefined, ["i32"], ["i32"], (code, x) => code.return(i32.mul(x, x)));
      module.define("sumOfSquares", ["i32"], ["i32"], (code, n) => {
        const sum = code.local("i32");
        const i = code.local("i32");
        code.for(i, 0, n, 1, () => code.increase(sum, call("i32", square, i)));
        code.return(sum);
      });
      module.define("powers", ["i32"], ["i32"], (code, n) => {
        const result = code.let(i32.const(1));
        code.repeat(n, () => code.set(result, call("i32", twice, result)));
        code.return(result);
      });
      module.define("firstAbove", ["i32"], ["i32"], (code, bound) => {
        const i = code.local("i32");
        code.block((exit) => {
          code.loop((again) => {
            code.branchIf(exit, i32.gtS(i32.mul(i, i), bound));
            code.increase(i, 1);
            code.branch(again);
          });
        });
        code.return(select(i, i32.const(-1), i32.ltS(i, 100)));
      });
    });
    expect(exports.sumOfSquares!(5)).toBe(30);
    expect(exports.sumOfSquares!(0)).toBe(0);
    expect(exports.powers!(10)).toBe(1024);
    expect(exports.powers!(0)).toBe(1);
    expect(exports.firstAbove!(50)).toBe(8);
  });

  test("vectors: loads, lanes, shuffles and stores", () => {
    const { memory, exports } = instantiate((module) => {
      module.define("run", ["i32"], [], (code, address) => {
        const x = code.let(v128.load(address));
        code.store(address, f32x4.shuffle(x, f32x4.add(x, f32x4.all(10)), [3, 2, 4, 5]), 16);
        code.store(address, i32x4.replaceLane(x, 2, i32.reinterpretF32(f32.sub(0, f32x4.extractLane(x, 1)))), 32);
        code.store(address, v128.bitselect(x, v128.load32Splat(address, 12), i32x4.const(-1, 0, -1, 0)), 48);
        code.storeLane32(address, v128.load32Lane(address, x, 0, 4), 0, 64);
        code.storeLane16(address, x, 1, 68);
      });
    });
    const floats = new Float32Array(memory.buffer);
    floats.set([1, 2, 3, 4]);
    exports.run!(0);
    expect([...floats.subarray(4, 8)]).toEqual([4, 3, 11, 12]);
    expect([...floats.subarray(8, 12)]).toEqual([1, 2, -2, 4]);
    expect([...floats.subarray(12, 16)]).toEqual([1, 4, 3, 4]);
    expect(floats[16]).toBe(2);
    // The upper half of 1 as f32.
    expect(new Uint16Array(memory.buffer)[34]).toBe(0x3f80);
  });

  test("fused multiply-add: one instruction or two", () => {
    const build = (relaxedSimd: boolean) => {
      const module = new ModuleBuilder({ relaxedSimd });
      module.define("run", ["f32"], ["f32"], (code, x) => {
        code.return(f32x4.extractLane(code.fusedMultiplyAdd(f32x4.splat(x), f32x4.all(3), f32x4.all(1)), 2));
      });
      return module.toBytes();
    };
    const plain = new WebAssembly.Instance(new WebAssembly.Module(build(false)));
    expect((plain.exports.run as (x: number) => number)(2)).toBe(7);
    expect(build(true)).not.toEqual(build(false));
  });

  test("fill and copy", () => {
    const { memory, exports } = instantiate((module) => {
      module.define("run", [], [], (code) => {
        code.fill(8, 7, 4);
        code.copy(10, 8, 4);
      });
    });
    exports.run!();
    expect([...new Uint8Array(memory.buffer, 8, 8)]).toEqual([7, 7, 7, 7, 7, 7, 0, 0]);
  });

  test("a call with wrong operands is refused while assembling", () => {
    const module = new ModuleBuilder({ relaxedSimd: false });
    const callee = module.define("callee", ["i32"], [], () => {});
    expect(() => module.define("caller", [], [], (code) => code.call(callee))).toThrow("takes 1 operands, not 0");
    expect(() => module.define("caller", [], [], (code) => code.call(callee, f32.const(1)))).toThrow("is f32, not i32");
  });
});
