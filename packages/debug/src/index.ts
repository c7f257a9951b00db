export { checkFinite, type CheckFiniteOptions } from "./check-finite.ts";
export { mermaidOf } from "./mermaid.ts";
export { Profile, type ProfileRow } from "./profile.ts";
export { stepwise, type ObservedStep, type Observer, type StepBuffer } from "./stepwise.ts";
export { validate, type ValidateOptions } from "./validate.ts";
