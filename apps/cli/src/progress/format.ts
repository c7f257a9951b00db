/** `3 s`, `2 min 05 s`, `1 h 04 min`; of what will take how long, a tilde says that it is an estimate. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (!Number.isFinite(whole)) return "?";
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** Three digits at least, thousands grouped: `0.51`, `12.3`, `1,204`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return Math.round(perSecond).toLocaleString("en-US");
  return perSecond >= 10 ? perSecond.toFixed(1) : perSecond.toFixed(2);
}

/** A loss or another figure: `4.213`, `0.0021`, `1.2e-5`. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3) return value.toExponential(1);
  return size < 0.1 ? value.toFixed(4) : size < 100 ? value.toFixed(3) : value.toFixed(1);
}

/** `learningRate` as `learning rate`. */
export function spaced(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

const two = (value: number): string => String(value).padStart(2, "0");
