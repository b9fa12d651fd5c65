// A program of its own for a test that kills it: looks once whether the certificate of the box in this folder is due, as the box does every
// six hours, and ends.
import { pino } from 'pino'
import { startRenewal } from '../../../gateway/config/enrolment/renewal.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'

const [dataDir = ''] = process.argv.slice(2)
const clock = new VirtualClock(Date.now())
const logger = pino({ level: 'info' }, { write: (line: string) => ended(line) })
const stop = startRenewal({ dataDir, clock, isClockKept: () => true, logger })
// The first look is ten minutes after the start.
clock.advance(11 * 60_000)

function ended(line: string): void {
  stop()
  process.exitCode = line.includes('the certificate was renewed') ? 0 : 1
}
