import { html, type Html } from "./html.ts";

export interface Series {
  label: string;
  /** Steps and values; as many of each. */
  x: readonly number[];
  y: readonly number[];
}

export interface LineChartOptions {
  title: string;
  /** Of the vertical axis. */
  unit: string;
  series: readonly Series[];
  /** Formats a value of the vertical axis. Default: as short as the ticks allow. */
  format?: (value: number) => string;
}

const [width, height] = [480, 270];
const frame = { left: 48, right: 468, top: 10, bottom: 226 };
/** More dots than this are one blot. */
const mostDots = 360;
const mostLinePoints = 240;

/** Curves over steps: raw values as faint dots, a running mean as a line. Lines differ in colour and in their dashes. */
export function lineChart({ title, unit, series, format }: LineChartOptions): Html {
  const drawn = series.map(({ label, x, y }) => ({ label, x, y, smooth: runningMean(y, Math.max(1, Math.round(y.length / 24))) }));
  const values = drawn.flatMap(({ y, smooth }) => [...y, ...smooth]).filter(Number.isFinite);
  if (values.length === 0) return html`<figure class="chart"><figcaption>${title}</figcaption><p class="quiet">There are no values.</p></figure>`;
  const yTicks = ticks(quantile(values, 0.002), quantile(values, 0.998), 5);
  const xTicks = ticks(Math.min(...drawn.map(({ x }) => x[0] ?? 0)), Math.max(...drawn.map(({ x }) => x.at(-1) ?? 0)), 6);
  const [low, high] = [yTicks[0]!, yTicks.at(-1)!];
  const [first, last] = [xTicks[0]!, Math.max(...drawn.map(({ x }) => x.at(-1) ?? 0), xTicks[0]! + 1)];
  const toX = (step: number) => frame.left + ((step - first) / (last - first)) * (frame.right - frame.left);
  const toY = (value: number) => frame.bottom - ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (frame.bottom - frame.top);
  const point = (x: number, y: number) => `${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`;
  const label = format ?? ((value: number) => plain(value, yTicks[1]! - yTicks[0]!));
  const summary = drawn.map(({ label: name, smooth }) => `${name}: from ${spoken(smooth[0], format)} to ${spoken(smooth.at(-1), format)}`).join("; ");
  return html`<figure class="chart">
<figcaption>${title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${`${title}. ${summary}.`}">
<g class="grid">${yTicks.map((tick) => html`<path d="M${frame.left} ${toY(tick).toFixed(1)}H${frame.right}" />`)}</g>
<g class="axis y">${yTicks.map((tick) => html`<text x="${frame.left - 7}" y="${(toY(tick) + 4.5).toFixed(1)}">${label(tick)}</text>`)}</g>
<g class="axis x">${xTicks.filter((tick) => tick <= last).map((tick) => html`<text x="${toX(tick).toFixed(1)}" y="${frame.bottom + 18}">${tick.toLocaleString("en-US")}</text>`)}
<text x="${(frame.left + frame.right) / 2}" y="${frame.bottom + 38}">step</text></g>
${drawn.map(({ x, y }, index) => html`<path class="dots line-${index}" d="${every(y.length, mostDots).filter((at) => Number.isFinite(y[at])).map((at) => `M${point(x[at]!, y[at]!)}h0`).join("")}" />`)}
${drawn.map(({ x, smooth }, index) => html`<path class="curve line-${index}" d="${polyline(every(smooth.length, mostLinePoints).map((at) => point(x[at]!, smooth[at]!)))}" />`)}
</svg>
<ul class="legend">${drawn.map(({ label: name, smooth }, index) => html`<li><svg viewBox="0 0 30 10" aria-hidden="true"><path class="curve line-${index}" d="M1 5H29" /></svg>${name} <span class="quiet">${spoken(smooth[0], format)} to ${spoken(smooth.at(-1), format)}</span></li>`)}</ul>
<p class="quiet unit">${unit}; dots: single steps, lines: running means</p>
</figure>`;
}

/** Means over a window that is centred at each value; at the start it is shorter, so that the first drop stays visible, at the end it is cut. */
export function runningMean(values: readonly number[], reach: number): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  return values.map((_, index) => {
    const half = Math.min(reach, index);
    const end = Math.min(values.length, index + half + 1);
    return (sums[end]! - sums[index - half]!) / (end - index + half);
  });
}

/** Round values that enclose low … high, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high > low ? high - low : Math.max(1, Math.abs(high)) * 0.1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999)!;
  const [from, to] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return Array.from({ length: Math.max(2, to - from + 1) }, (_, index) => Number(((from + index) * step).toPrecision(12)));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))]!;
}

/** About `most` positions out of `length`, the first and the last among them. */
function every(length: number, most: number): number[] {
  const stride = Math.max(1, Math.ceil(length / most));
  const positions = Array.from({ length: Math.ceil(length / stride) }, (_, index) => index * stride);
  if (length > 0 && positions.at(-1) !== length - 1) positions.push(length - 1);
  return positions;
}

/** A single point is a dot as wide as the line. */
const polyline = (points: readonly string[]): string => (points.length === 1 ? `M${points[0]}h0` : `M${points.join("L")}`);

const plain = (value: number, step: number): string => value.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
const spoken = (value: number | undefined, format?: (value: number) => string): string => (value === undefined || !Number.isFinite(value) ? "–" : format ? format(value) : value.toFixed(2));
