/** What is loaded when a PyTorch file is written, and not before. */
export { pickleStateDict, storageClasses } from "./pickle-write.ts";
export { ZipWriter } from "./zip-write.ts";
