// What does the check of a Report cost at the centre: by the zod schema that describes it, and by `check-report.ts`, in turn,
// beside unpacking and reading the same Report? Processor time of one record, so that a busy machine changes little.
import { gzipSync } from 'node:zlib'
import { checkReport } from '../../centre/receiver/check-report.ts'
import { parseArrivedReport } from '../../centre/receiver/parse-arrived.ts'
import { encodeJson } from '../../protocols/uplink/codec.ts'
import { reportSchema } from '../../protocols/uplink/report.ts'
import { makeEvent } from '../contract/centre/centre-parts.ts'
import { median, printTable, short } from './figures/figures.ts'
import { readOptions } from './options.ts'

/** Microseconds of processor time that one record takes. */
function cost(records: number, rounds: number, work: () => unknown): number {
  const before = process.cpuUsage()
  for (let i = 0; i < rounds; i++) work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (records * rounds)
}

export function runReportCheck(args: readonly string[]): Promise<void> {
  const { records, rounds, runs } = readOptions(args, { records: 150, rounds: 400, runs: 5 })
  const report = {
    v: 1,
    epoch: 'bench123',
    lane: 'routine',
    first: 1,
    records: Array.from({ length: records }, (_, i) => makeEvent(i + 1)),
  }
  const bytes = gzipSync(encodeJson(report))
  const works = [
    ['the zod schema', () => reportSchema.parse(report)],
    ['check-report.ts', () => checkReport(report)],
    ['the whole way from bytes to a checked Report', () => parseArrivedReport('box-1', 'routine', bytes)],
  ] as const
  const costs = works.map((): number[] => [])
  for (const [, work] of works) cost(records, rounds, work)
  for (let run = 0; run < runs; run++)
    for (const [at, [, work]] of works.entries()) costs[at]?.push(cost(records, rounds, work))
  const whole = median(costs[2] ?? [])
  printTable(
    `report-check: Reports of ${records} records, median of ${runs} runs of ${rounds} Reports`,
    ['', 'us/record', 'beside the whole way'],
    works.map(([name], at) => {
      const us = median(costs[at] ?? [])
      return [name, short(us), short(us / whole)]
    }),
  )
  return Promise.resolve()
}
