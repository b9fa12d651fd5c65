// The gateway's regular tick: checks the box, asks the alarm engine for due work, and checks that the journal's thread
// answers and that the uplink goes on.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { BoxFacts } from '../health/box-facts.ts'
import type { BoxWatch } from '../health/box-watch.ts'
import { DailyReport } from '../health/daily-report.ts'
import {
  listToReport,
  reportList,
  villageListKey,
  villageListOf,
  type ReportedList,
} from '../health/village-list.ts'
import { devicesSeen } from '../health/heartbeat-facts.ts'
import type { DeviceBroker } from '../broker/port.ts'
import { activeAlarms } from '../alarms/documents.ts'
import { offsetMinAt } from '../../protocols/domain/time-zone.ts'
import type { AlarmJudge } from '../intake/port.ts'
import { reportTo, type Base } from './base.ts'
import type { OpenedJournal } from './open-journal.ts'
import type { Intake } from '../intake/intake.ts'
import type { Journal } from '../journal/port.ts'

/** How often the engine is asked for due work. */
const tickMs = 250
/** How often it is looked whether the town has the list of zones and devices. */
const listEveryMs = 86_400_000
/** How often the journal's thread and the uplink are checked. */
export const pulseMs = 5000
/** The uplink counts as frozen when this many checks in a row find no progress: after a stall of the whole program its timers are only late. */
export const frozenChecks = 2

export interface TickOptions {
  clock: Clock
  logger: Logger
  intake: Pick<Intake, 'judge' | 'nextDueMs'>
  journal: Pick<Journal, 'readQuarantine'>
  watch: Pick<BoxWatch, 'look'>
  daily: Pick<DailyReport, 'look'>
  facts: BoxFacts
  steadyMs: () => number
  /** False while the uplink is frozen; a box without a centre has none. */
  isUplinkMoving: () => boolean
  /**
   * The uplink is frozen and nothing here can free it: the program has to end, so that its service starts it again.
   * Waiting for the watchdog would take a minute more, and a container has none.
   */
  onUplinkFrozen: (error: Error) => void
  /** Called while ticks run and the journal's thread answers: this feeds the supervisor's watchdog. */
  onAlive?: (() => void) | undefined
}

/** Starts the ticks; returns the function that ends them. */
export function startTicks(options: TickOptions): () => void {
  const { clock, logger, intake, journal, watch, daily, facts, steadyMs, isUplinkMoving, onAlive } = options
  const { onUplinkFrozen } = options
  let isEnded = false
  let cancel: () => void
  let askedMs = Number.NEGATIVE_INFINITY
  let isAsking = false
  let checkedMs = clock.monotonicMs()
  let frozen = 0
  const checkUplink = (): void => {
    const nowMs = clock.monotonicMs()
    if (nowMs - checkedMs < pulseMs) return
    checkedMs = nowMs
    frozen = isUplinkMoving() ? 0 : frozen + 1
    if (frozen === frozenChecks) onUplinkFrozen(new Error('the uplink is frozen'))
  }
  const pulse = async (): Promise<void> => {
    const nowMs = clock.monotonicMs()
    if (!onAlive || isAsking || nowMs - askedMs < pulseMs) return
    askedMs = nowMs
    isAsking = true
    try {
      await journal.readQuarantine(1)
      if (isUplinkMoving()) onAlive()
    } catch {
      // No answer: the watchdog is not fed.
    } finally {
      isAsking = false
    }
  }
  const tick = async (): Promise<void> => {
    void pulse()
    checkUplink()
    try {
      watch.look()
      daily.look()
      await facts.tell((fact) => intake.judge({ type: 'box', fact }))
      if (intake.nextDueMs() <= steadyMs()) await intake.judge({ type: 'tick' })
    } catch (error) {
      logger.debug({ reason: (error as Error).message }, 'time could not be judged yet')
    }
    if (!isEnded) schedule()
  }
  const schedule = (): void => {
    cancel = clock.after(tickMs, () => void tick())
  }
  schedule()
  return () => {
    isEnded = true
    cancel()
  }
}

/** The daily report: when it is due, and its figures about devices and active alarms. */
export function openDailyReport(
  { config, logger }: Base,
  { boxClock, intake, broker }: Pick<OpenedJournal, 'boxClock'> & { intake: Intake; broker: DeviceBroker },
): DailyReport {
  const { utcOffsetMin, timeZone } = config.limits
  return new DailyReport({
    at: config.box.dailyReportAt,
    now: () => boxClock.now(),
    offsetMinAt: (wallMs) => utcOffsetMin ?? offsetMinAt(timeZone, wallMs),
    facts: () => ({
      devices: devicesSeen(config, broker),
      openAlarms: activeAlarms(intake.documents()).length,
    }),
    log: (what, facts) => intake.log(what, facts),
    onFailed: (error) =>
      logger.warn({ err: error }, 'the daily report could not be stored; it is tried again'),
  })
}

/** The box tells the town which zones and devices it has: at the start, and looked at once a day. */
export function reportVillageList(
  { config, clock, logger, parts }: Base,
  {
    journal,
    boxClock,
    judge,
  }: Pick<OpenedJournal, 'journal' | 'boxClock'> & {
    judge: Pick<AlarmJudge, 'judgeTogether'>
  },
): void {
  const list = villageListOf(config)
  const reported = reportTo(logger)
  let last: ReportedList | undefined
  let cancel = (): void => undefined
  const report = async (): Promise<void> => {
    const { atMs } = boxClock.now()
    const due = listToReport(list, last, atMs)
    await reportList(judge, due, atMs)
    const [first] = due
    if (first) last = { hash: first.hash, atMs }
  }
  const look = (): void => {
    reported(report(), 'the list of zones and devices could not be stored; it is tried again tomorrow')
    cancel = clock.after(listEveryMs, look)
  }
  const begin = async (): Promise<void> => {
    const found = (await journal.loadState(villageListKey)) as [string, ReportedList][]
    last = found.find(([key]) => key === villageListKey)?.[1]
    look()
  }
  reported(begin(), 'the list of zones and devices could not be read')
  parts.add('list of zones and devices', () => cancel())
}
