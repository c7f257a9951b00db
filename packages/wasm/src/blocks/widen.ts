import { f32, f32x4, i32, i32x4, v128, type Code, type F32, type FunctionReference, type I32, type ModuleBuilder } from "../assembler/index.ts";
import { widenHalf } from "../math/half.ts";

export interface WidenOperands {
  from: I32;
  /** Strides in bytes; any. */
  strideRow: I32 | number;
  strideColumn: I32 | number;
  rows: I32 | number;
  columns: I32 | number;
  to: I32;
  strideTo: I32 | number;
  /** 1 for f16 elements, 0 for f32. */
  isHalf: I32 | number;
}

/** Copies a matrix with any strides, f16 or f32, into rows of f32. Contiguous rows go by vectors. */
export function widen(code: Code, module: ModuleBuilder, o: WidenOperands): void {
  const reference = module.shared("widen", () => defineWiden(module));
  code.call(reference, o.from, o.strideRow, o.strideColumn, o.rows, o.columns, o.to, o.strideTo, o.isHalf);
}

const eight = ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"] as const;

/** One element as f32. */
export function loadElement(code: Code, address: I32, isHalf: I32 | number): F32 {
  const element = code.local("f32");
  code.if(
    isHalf,
    () => code.set(element, f32x4.extractLane(widenHalf(code, i32x4.splat(i32.load16U(address))), 0)),
    () => code.set(element, f32.load(address)),
  );
  return element;
}

function defineWiden(module: ModuleBuilder): FunctionReference {
  return module.define(undefined, eight, [], (code, from, strideRow, strideColumn, rows, columns, to, strideTo, isHalf) => {
    const source = code.local("i32");
    const target = code.local("i32");
    const left = code.local("i32");
    code.repeat(rows, () => {
      code.set(source, from);
      code.set(target, to);
      code.set(left, columns);
      const byVectors = (bytes: number, write: () => void): void =>
        code.while(i32.geS(left, 4), () => {
          write();
          code.increase(source, 4 * bytes);
          code.increase(target, 16);
          code.increase(left, -4);
        });
      code.if(i32.and(isHalf, i32.eq(strideColumn, 2)), () => byVectors(2, () => code.store(target, widenHalf(code, v128.load16x4U(source)))));
      code.if(i32.and(i32.eqz(isHalf), i32.eq(strideColumn, 4)), () => byVectors(4, () => code.store(target, v128.load(source))));
      code.while(left, () => {
        code.store(target, loadElement(code, source, isHalf));
        code.increase(source, strideColumn);
        code.increase(target, 4);
        code.increase(left, -1);
      });
      code.increase(from, strideRow);
      code.increase(to, strideTo);
    });
  });
}
