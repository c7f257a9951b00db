import { library } from "../../scripts/tsup-preset.ts";

export default library();
