import type { ReportInput } from "./report-input.ts";

export async function renderReport(input: ReportInput): Promise<string> {
  return JSON.stringify(input.result);
}
