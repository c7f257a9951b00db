/** A line of values as they come, from left to right. Those that are missing are left out. */
export function Curve({ label, values, length }: { label: string; values: readonly number[]; /** Values that there will be. */ length: number }) {
  const [width, height] = [320, 100];
  const most = values.reduce((highest, value) => Math.max(highest, value), 1e-9);
  const points: string[] = [];
  values.forEach((value, index) => points.push(`${((index * width) / Math.max(1, length - 1)).toFixed(1)},${(height - (value / most) * (height - 4)).toFixed(1)}`));
  return (
    <svg class="curve" role="img" aria-label={label} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
      <polyline points={points.join(" ")} />
    </svg>
  );
}
