import { fileURLToPath } from "node:url";

/** Set for the bundle, whose own place says nothing. */
const given = process.env["MULTIWAY_BENCH_FOLDER"];

/** `apps/bench`. */
export const benchFolder = given ?? fileURLToPath(new URL("..", import.meta.url));
