/** The generator of loops: loaded with the first program that has one, or an epilogue. */
export { planLoop } from "./plan.ts";
export { writeEpilogue } from "./write-epilogue.ts";
