// Numbers by which loggers and converters report "no data": they are never water levels.

/** Ends of the integer ranges that an empty register returns, and their values after a change of unit. */
const ends = [32_767, -32_768, 65_535, 8_388_607, -8_388_608, 2_147_483_647, -2_147_483_648, 4_294_967_295]
const registers = new Set(ends.flatMap((end) => [end, end * 10, end * 100, end / 10, end / 100]))
/** -999, -9999, -99999 ... with or without nines after the decimal point; without a sign only from four nines on. */
const nines = /^(?:-9{2,}(?:\.9+)?|9{4,}(?:\.9+)?)$/

/** True for a value that stands for "no data". If a real level equals it exactly, the next sample shows the flood. */
export function isNoData(levelMm: number): boolean {
  return registers.has(levelMm) || (Math.abs(levelMm) >= 99.9 && nines.test(String(levelMm)))
}
