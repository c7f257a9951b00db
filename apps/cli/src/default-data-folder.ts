import { fileURLToPath } from "node:url";

/** The emoji set that comes with the program; as far from here as from the built file. */
export const defaultDataFolder = fileURLToPath(new URL("../data/emoji", import.meta.url));
