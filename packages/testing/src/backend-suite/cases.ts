import type { BackendCase } from "./case.ts";
import { elementwiseCases } from "./elementwise.ts";
import { launchCases } from "./launches.ts";
import { loadCases } from "./loads.ts";
import { attentionCases } from "./ops-attention.ts";
import { indexCases } from "./ops-index.ts";
import { matmulCases } from "./ops-matmul.ts";
import { rowCases } from "./ops-rows.ts";
import { programCases } from "./programs.ts";
import { protocolCases } from "./protocol.ts";
import { reductionCases } from "./reductions.ts";

/** Everything that a device has to get right. Cheap: a case makes its data when it runs. */
export function backendCases(): BackendCase[] {
  return [...protocolCases(), ...elementwiseCases(), ...loadCases(), ...reductionCases(), ...programCases(), ...launchCases(), ...matmulCases(), ...attentionCases(), ...rowCases(), ...indexCases()];
}
