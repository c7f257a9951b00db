import { describe, expect, it } from "vitest";
import { checkProgram, openReference, runBackendSuite, backendCases } from "./index.ts";

// The reference device against itself: whether the harness builds what it means to.
runBackendSuite(openReference);
describe("the same bits", () => {
  runBackendSuite(openReference, { bitwise: openReference, quick: true, only: /programs|matmul/ });
});

describe("backendCases", () => {
  it("gives each case a name of its own", () => {
    const names = backendCases().map((one) => `${one.group}: ${one.name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("notices a device that is wrong", async () => {
    const [right, wrong] = [await openReference(), await openReference()];
    const wrongly = new Proxy(wrong, {
      get: (target, name) => {
        if (name !== "read") return Reflect.get(target, name, target) instanceof Function ? (Reflect.get(target, name, target) as () => unknown).bind(target) : Reflect.get(target, name, target);
        return async (buffer: Parameters<typeof wrong.read>[0]) => {
          const array = await target.read(buffer);
          if (array.length > 0) array[array.length - 1] = array[array.length - 1]! + 1;
          return array;
        };
      },
    });
    const one = backendCases().find(({ name }) => name === "3×5×7");
    if (one?.kind !== "program") throw new Error("there is no case 3×5×7");
    await expect(checkProgram(one, wrongly, right)).rejects.toThrow(/buffer 2: 1 of 21 elements of shape \[3, 7\] \(f32\) are over .* Worst at \[2, 6\]: expected .*, actual .*, absolute error 1.00, relative error/);
  });
});
