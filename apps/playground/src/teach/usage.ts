/** What somebody writes who has saved the files into a folder `taught`. */
export const usage = `import { loadBeit3 } from "@multiway/beit3";
import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";

await using device = await openDevice(wasm());
using model = await loadBeit3("./taught", { device });
const [best] = await model.classifier.classify("picture.png");
console.log(best.name, best.probability);`;
