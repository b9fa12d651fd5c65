// Numbers by which loggers and converters report "no data": they are never water levels.

/** Ends of the integer ranges of 16, 24 and 32 bits, as a register returns them, signed or read without its sign. */
const ends = [16, 24, 32].flatMap((bits) => [
  2 ** (bits - 1) - 1,
  -(2 ** (bits - 1)),
  2 ** (bits - 1),
  2 ** bits - 1,
])
/** With their values after a change of unit. */
const registers = new Set(ends.flatMap((end) => [1, 10, 100, 1000].flatMap((by) => [end * by, end / by])))
/** -999, -9999, -99999 ... with or without nines after the decimal point; without a sign only from four nines on. */
const nines = /^(?:-9{2,}(?:\.9+)?|9{4,}(?:\.9+)?)$/

/** True for a value that stands for "no data". If a real level equals it exactly, the next sample shows the flood. */
export function isNoData(levelMm: number): boolean {
  return registers.has(levelMm) || (Math.abs(levelMm) >= 99.9 && nines.test(String(levelMm)))
}
