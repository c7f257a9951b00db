export { key, Key, type KeyLike } from "./key.ts";
export { threefry2x32 } from "./threefry.ts";
