import { f32, f32x4, i32, select, v128, type Code, type FunctionReference, type I32, type Local, type ModuleBuilder, type V128 } from "../assembler/index.ts";

/**
 * Panels: `width` neighbouring columns of a matrix laid out k after k, so that the multiply loop reads one straight line of memory.
 * Columns past the last hold whatever was near, or there before: nobody uses their products.
 */
export interface PackOperands {
  from: I32;
  /** Bytes from one line of contiguous elements to the next. */
  stride: I32 | number;
  k: I32 | number;
  columns: I32 | number;
  to: I32;
  /** Bytes from panel to panel. */
  panelBytes: I32 | number;
}

/** Packs a matrix whose rows are contiguous (one k, many columns) into panels of `width` columns. */
export function packRows(code: Code, module: ModuleBuilder, width: 4 | 8, o: PackOperands): void {
  const pack = module.shared(`pack.rows.${width}`, () => definePackRows(module, width));
  code.call(pack, o.from, o.stride, o.k, o.columns, o.to, o.panelBytes);
}

/** Packs a matrix whose columns are contiguous (one column, many k) into panels of eight columns. */
export function packColumns(code: Code, module: ModuleBuilder, o: PackOperands): void {
  const pack = module.shared("pack.columns.8", () => definePackColumns(module));
  code.call(pack, o.from, o.stride, o.k, o.columns, o.to, o.panelBytes);
}

const six = ["i32", "i32", "i32", "i32", "i32", "i32"] as const;

function definePackRows(module: ModuleBuilder, width: 4 | 8): FunctionReference {
  return module.define(undefined, six, [], (code, from, strideK, k, columns, to, panelBytes) => {
    const source = code.local("i32");
    const target = code.local("i32");
    const panelEnd = code.local("i32");
    const column = code.local("i32");
    /** Goes through all k, and on to the next panels. */
    const panels = (count: number, copy: () => void): void => {
      code.set(source, from);
      code.set(target, to);
      code.set(panelEnd, i32.add(to, i32.mul(k, width * 4)));
      code.while(i32.ltU(target, panelEnd), () => {
        copy();
        code.increase(source, strideK);
        code.increase(target, width * 4);
      });
      code.increase(from, count * width * 4);
      code.set(to, i32.add(to, i32.mul(panelBytes, count)));
      code.increase(columns, -count * width);
    };
    const vectors = width / 4;
    // Whole cache lines of 64 bytes as far as it goes.
    for (const count of [16 / width, 1]) {
      code.while(i32.geS(columns, count * width), () =>
        panels(count, () => {
          const panel = code.let(target);
          for (let vector = 0; vector < count * vectors; vector++) {
            code.store(panel, v128.load(source, 16 * vector), 16 * (vector % vectors));
            if (vector % vectors === vectors - 1 && vector < count * vectors - 1) code.increase(panel, panelBytes);
          }
        }),
      );
    }
    code.if(i32.gtS(columns, 0), () =>
      panels(1, () => code.for(column, 0, i32.shl(columns, 2), 4, () => code.store(i32.add(target, column), f32.load(i32.add(source, column))))),
    );
  });
}

/** The 4 × 4 transpose of four vectors. */
export function transpose(code: Code, rows: readonly V128[]): V128[] {
  const [a, b, c, d] = rows as [V128, V128, V128, V128];
  const [ab0, ab1, cd0, cd1] = [
    code.let(f32x4.shuffle(a, b, [0, 4, 1, 5])),
    code.let(f32x4.shuffle(a, b, [2, 6, 3, 7])),
    code.let(f32x4.shuffle(c, d, [0, 4, 1, 5])),
    code.let(f32x4.shuffle(c, d, [2, 6, 3, 7])),
  ];
  return [
    f32x4.shuffle(ab0, cd0, [0, 1, 4, 5]),
    f32x4.shuffle(ab0, cd0, [2, 3, 6, 7]),
    f32x4.shuffle(ab1, cd1, [0, 1, 4, 5]),
    f32x4.shuffle(ab1, cd1, [2, 3, 6, 7]),
  ];
}

/** Four k at a time. */
function definePackColumns(module: ModuleBuilder): FunctionReference {
  return module.define(undefined, six, [], (code, from, strideColumn, k, columns, to, panelBytes) => {
    const target = code.local("i32");
    const panelEnd = code.local("i32");
    code.while(i32.gtS(columns, 0), () => {
      const sources = columnPointers(code, from, strideColumn, columns);
      code.set(target, to);
      code.set(panelEnd, i32.add(to, i32.shl(i32.and(k, -4), 5)));
      code.while(i32.ltU(target, panelEnd), () => {
        for (const half of [0, 1]) {
          const four = sources.slice(half * 4, half * 4 + 4);
          const loaded = four.map((source) => code.let(v128.load(source)));
          transpose(code, loaded).forEach((vector, row) => code.store(target, vector, row * 32 + half * 16));
          for (const source of four) code.increase(source, 16);
        }
        code.increase(target, 128);
      });
      code.set(panelEnd, i32.add(panelEnd, i32.shl(i32.and(k, 3), 5)));
      code.while(i32.ltU(target, panelEnd), () => {
        sources.forEach((source, column) => {
          code.store(target, f32.load(source), column * 4);
          code.increase(source, 4);
        });
        code.increase(target, 32);
      });
      code.set(from, i32.add(from, i32.shl(strideColumn, 3)));
      code.increase(to, panelBytes);
      code.increase(columns, -8);
    });
  });
}

/** Eight pointers to neighbouring columns; those past the last repeat it. */
function columnPointers(code: Code, from: I32, stride: I32, columns: I32): Local<"i32">[] {
  const pointers = [code.let(from)];
  for (let column = 1; column < 8; column++) {
    const before = pointers[column - 1]!;
    pointers.push(code.let(select(i32.add(before, stride), before, i32.gtS(columns, column))));
  }
  return pointers;
}
