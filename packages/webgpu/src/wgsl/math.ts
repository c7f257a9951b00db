/**
 * Functions that WGSL lacks, or whose results it leaves open where the kernel language does not. Compilers may assume that no NaN or infinity
 * occurs, so NaN is recognised by its bits, and neither may be written as a literal.
 */
const functions = {
  // Behind a private variable, since a constant expression that gives NaN or infinity is an error.
  special: `var<private> special_bits: vec3<u32> = vec3<u32>(0x7f800000u, 0xff800000u, 0x7fc00000u);`,
  isNaN: `fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`,
  minimum: `fn minimum(x: f32, y: f32) -> f32 { return select(select(min(x, y), y, is_nan(y)), x, is_nan(x)); }`,
  maximum: `fn maximum(x: f32, y: f32) -> f32 { return select(select(max(x, y), y, is_nan(y)), x, is_nan(x)); }`,
  // Some drivers give infinity for exp(NaN), or a number for the logarithm of a negative one.
  exp: `fn exp_of(x: f32) -> f32 { return select(exp(x), x, is_nan(x)); }`,
  log: `fn log_of(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (x == 0.0f) { return bitcast<f32>(special_bits.y); }
  if (bits == 0x7f800000u) { return x; }
  return select(log(x), bitcast<f32>(special_bits.z), bits > 0x7f800000u);
}`,
  sign: `fn sign_of(x: f32) -> f32 { return select(select(select(0.0f, 1.0f, x > 0.0f), -1.0f, x < 0.0f), x, is_nan(x)); }`,
  // Some drivers compute tanh through exp(2x), which overflows to NaN; beyond ±10 the result rounds to ±1.
  tanh: `fn tanh_safe(x: f32) -> f32 { return select(tanh(clamp(x, -10.0f, 10.0f)), x, is_nan(x)); }`,
  // WGSL promises 2⁻¹¹ for sin and cos. Reduction by quarter turns in three parts, then the Taylor series on ±π/4: about 1e-7 up to |x| of some 10⁴.
  sine: `fn sine_at(x: f32, quarter: u32) -> f32 {
  let turns = round(x * 0.636619772f);
  let r = fma(turns, -7.54978995489188e-8f, fma(turns, -0.00048375129699707f, fma(turns, -1.5703125f, x)));
  let q = (u32(i32(turns)) + quarter) & 3u;
  let s = r * r;
  let sine = r * (1.0f + s * (-0.16666667f + s * (0.0083333333f + s * (-0.00019841270f + s * 2.7557319e-6f))));
  let cosine = 1.0f + s * (-0.5f + s * (0.041666667f + s * (-0.0013888889f + s * (2.4801587e-5f + s * -2.7557319e-7f))));
  let y = select(sine, cosine, (q & 1u) == 1u);
  return select(y, -y, q >= 2u);
}`,
  // Taylor near 0; Abramowitz and Stegun 7.1.26 would give 1.5e-7 at best, so the tail is the rational form of Numerical Recipes (erfc, 1.2e-7 relative).
  erf: `fn erf(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan(x)) { return x; }
  if (a < 0.5f) {
    let s = x * x;
    return x * (1.1283791671f + s * (-0.3761263890f + s * (0.1128379167f + s * (-0.0268661706f + s * (0.0052239776f + s * -0.0008548327f)))));
  }
  if (a > 6.0f) { return select(1.0f, -1.0f, x < 0.0f); }
  let t = 1.0f / (1.0f + 0.5f * a);
  let p = -1.26551223f + t * (1.00002368f + t * (0.37409196f + t * (0.09678418f + t * (-0.18628806f + t * (0.27886807f
    + t * (-1.13520398f + t * (1.48851587f + t * (-0.82215223f + t * 0.17087277f))))))));
  let y = 1.0f - t * exp(p - a * a);
  return select(y, -y, x < 0.0f);
}`,
  // ½ + x · P(x²) / Q(x²), a minimax fit of our own, within 3e-9 before rounding; beyond ±6 it rounds to 0 or 1.
  normalCdf: `fn normal_cdf(x: f32) -> f32 {
  let a = clamp(x, -6.0f, 6.0f);
  let s = a * a;
  let p = 0.398942261f + s * (0.0325445623f + s * (0.00460864593f + s * (0.000156861701f + s * (6.40789352e-6f + s * 2.47311493e-8f))));
  let q = 1.0f + s * (0.248243462f + s * (0.0279266949f + s * (0.00181720322f + s * (7.04961574e-5f + s * 1.25886947e-6f))));
  return select(clamp(0.5f + a * p / q, 0.0f, 1.0f), x, is_nan(x));
}`,
  // pow is open for a negative base: whole exponents give their sign by parity, others NaN.
  power: `fn power(x: f32, y: f32) -> f32 {
  if (y == 0.0f || x == 1.0f) { return 1.0f; }
  if (is_nan(x)) { return x; }
  if (is_nan(y)) { return y; }
  if (y == 1.0f) { return x; }
  if (y == 2.0f) { return x * x; }
  if (y == 0.5f && x >= 0.0f) { return sqrt(x); }
  if (y == -1.0f) { return 1.0f / x; }
  let whole = trunc(y) == y;
  let odd = whole && abs(y) < 16777216.0f && (i32(y) & 1) != 0;
  if (x == 0.0f) {
    let negative = odd && (bitcast<u32>(x) >> 31u) == 1u;
    let size = select(0.0f, bitcast<f32>(special_bits.x), y < 0.0f);
    return select(size, -size, negative);
  }
  if (x < 0.0f && !whole) { return bitcast<f32>(special_bits.z); }
  // A loop of products keeps the full precision that exp2(y · log2 x) loses.
  var result = 1.0f;
  if (whole && abs(y) <= 64.0f) {
    var factor = abs(x);
    for (var n = u32(abs(y)); n > 0u; n >>= 1u) {
      if ((n & 1u) == 1u) { result *= factor; }
      factor *= factor;
    }
    if (y < 0.0f) { result = 1.0f / result; }
  } else {
    result = pow(abs(x), y);
  }
  return select(result, -result, x < 0.0f && odd);
}`,
  // Bits as whole numbers in the order of the floats; a NaN becomes `nan`, and that a NaN again where it is 0 or the largest.
  order: `fn order_of(x: f32, nan: u32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(select(bits | 0x80000000u, ~bits, bits >= 0x80000000u), nan, is_nan(x));
}
fn value_of(order: u32) -> f32 { return bitcast<f32>(select(~order, order ^ 0x80000000u, order >= 0x80000000u)); }`,
  floatToI32: `fn float_to_i32(x: f32) -> i32 {
  if (is_nan(x)) { return 0i; }
  if (x >= 2147483648.0f) { return 2147483647i; }
  if (x <= -2147483648.0f) { return -2147483647i - 1i; }
  return i32(x);
}`,
  floatToU32: `fn float_to_u32(x: f32) -> u32 {
  if (is_nan(x) || x <= 0.0f) { return 0u; }
  if (x >= 4294967296.0f) { return 4294967295u; }
  return u32(x);
}`,
} as const;

export type MathFunction = keyof typeof functions;

const needs: Partial<Record<MathFunction, readonly MathFunction[]>> = {
  minimum: ["isNaN"],
  maximum: ["isNaN"],
  sign: ["isNaN"],
  exp: ["isNaN"],
  log: ["special"],
  tanh: ["isNaN"],
  erf: ["isNaN"],
  normalCdf: ["isNaN"],
  power: ["isNaN", "special"],
  order: ["isNaN"],
  floatToI32: ["isNaN"],
  floatToU32: ["isNaN"],
};

/** The text of the functions used, with what they need, in a fixed order. */
export function mathText(used: Iterable<MathFunction>): string {
  const all = new Set<MathFunction>();
  for (const name of used) {
    for (const need of needs[name] ?? []) all.add(need);
    all.add(name);
  }
  return (Object.keys(functions) as MathFunction[])
    .filter((name) => all.has(name))
    .map((name) => functions[name])
    .join("\n");
}
