import { render } from "preact";
import { App } from "./app.tsx";
import { startModel } from "./model/client.ts";
import { workOffline } from "./offline/register.ts";

render(<App client={startModel()} />, document.getElementById("app")!);
void workOffline();
