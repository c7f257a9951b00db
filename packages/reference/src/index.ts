export { reference } from "./device.ts";
