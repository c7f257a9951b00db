/** What is wrong with a kernel or a program. The device puts kernel and step before the message and makes a `KernelError` of it. */
export class Fault extends Error {}

export function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Fault(message);
}
