import { webgpu } from "@multiway/webgpu";
import { goldenTests } from "../fixtures/golden-tests.ts";

goldenTests(() => webgpu({ allowSoftware: true }));
