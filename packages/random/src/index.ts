export { key, Key, type KeyLike } from "./key.ts";
export { threefry2x32, threefryParity, threefryRotations } from "./threefry.ts";
