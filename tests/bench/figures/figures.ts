// Figures for people: medians and percentiles of measurements, and tables of ratios.

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** A number with a useful number of digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toString()
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3)
}

/** Prints rows under a heading, columns aligned. */
export function printTable(heading: string, columns: readonly string[], rows: readonly string[][]): void {
  const widths = columns.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  console.log(`\n${heading}`)
  for (const cells of [columns, ...rows]) console.log(`  ${line(cells)}`)
}

/** One line: the budget was kept in this run, or not. */
export function printVerdict(what: string, value: number, isKept: boolean, budget: string): void {
  console.log(`  ${isKept ? 'kept  ' : 'BROKEN'}  ${what}: ${short(value)} (budget ${budget})`)
}
