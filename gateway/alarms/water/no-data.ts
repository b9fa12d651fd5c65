// Numbers by which loggers and converters say "no data": no water ever stood there.

/** Ends of the integer ranges that an empty register reads as, and what is left of them after a change of unit. */
const ends = [32_767, -32_768, 65_535, 8_388_607, -8_388_608, 2_147_483_647, -2_147_483_648, 4_294_967_295]
const registers = new Set(ends.flatMap((end) => [end, end * 10, end * 100, end / 10, end / 100]))
/** -999, -9999, -99999 ... with or without nines behind the point; without a sign from four nines on. */
const nines = /^(?:-9{2,}(?:\.9+)?|9{4,}(?:\.9+)?)$/

/** True for a value that stands for "no data". A flood that passes exactly there is seen by the next sample. */
export function isNoData(levelMm: number): boolean {
  return registers.has(levelMm) || (Math.abs(levelMm) >= 99.9 && nines.test(String(levelMm)))
}
