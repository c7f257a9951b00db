/** A line of values as they come, from left to right. */
export function Curve({ label, values, length }: { label: string; values: readonly number[]; /** Values that there will be. */ length: number }) {
  const [width, height] = [320, 100];
  const most = Math.max(...values, 1e-9);
  const points = values.map((value, index) => `${((index * width) / Math.max(1, length - 1)).toFixed(1)},${(height - (value / most) * (height - 4)).toFixed(1)}`);
  return (
    <svg class="curve" role="img" aria-label={label} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
      <polyline points={points.join(" ")} />
    </svg>
  );
}
