// The level of each part of the log while the program runs, for a time: a maintainer looks closely at one part, and the card is not
// filled for ever by a level that was forgotten.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'

export const logLevelNames = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevelName = (typeof logLevelNames)[number]
export const levelMinutesMax = 24 * 60
export const levelMinutesDefault = 60
/** The whole program. */
export const everyPart = 'all'
/** Loggers of one part; beyond it the oldest keep their level. */
const loggersMax = 500

export interface LevelOfPart {
  part: string
  level: string
  /** Changed for this long. */
  minutesLeft?: number
}

interface Override {
  level: LogLevelName
  untilMs: number
  cancel: () => void
}

export class LogLevels {
  #root: Logger | undefined
  readonly #parts = new Map<string, WeakRef<Logger>[]>()
  readonly #overrides = new Map<string, Override>()

  start(root: Logger): void {
    this.#root = root
  }

  /** Every logger that is made for a part, when it is made. */
  add(child: Logger): void {
    const { part } = child.bindings()
    if (typeof part !== 'string') return
    const known = (this.#parts.get(part) ?? []).filter((one) => one.deref() !== undefined)
    this.#parts.set(part, [...known.slice(1 - loggersMax), new WeakRef(child)])
    const override = this.#overrides.get(part) ?? this.#overrides.get(everyPart)
    if (override) child.level = override.level
  }

  list(nowMs: number): LevelOfPart[] {
    const whole = this.#overrides.get(everyPart)
    const level = this.#root?.level ?? 'info'
    const rows = [...this.#parts.keys()].sort().map((part) => {
      const override = this.#overrides.get(part) ?? whole
      return shown(part, override, level, nowMs)
    })
    return [shown(everyPart, whole, level, nowMs), ...rows]
  }

  /** For `minutes`; 0 ends the change now. */
  set(
    part: string,
    level: LogLevelName,
    minutes: number,
    clock: Pick<Clock, 'after' | 'monotonicMs'>,
  ): Result<void> {
    if (part !== everyPart && !this.#parts.has(part))
      return bad(
        `no part has this name; there are ${[everyPart, ...this.#parts.keys()].sort().join(', ')}`,
        'part',
      )
    this.#overrides.get(part)?.cancel()
    this.#overrides.delete(part)
    if (minutes > 0) {
      const end = (): void => {
        this.#overrides.delete(part)
        this.#apply()
      }
      const untilMs = clock.monotonicMs() + minutes * 60_000
      this.#overrides.set(part, { level, untilMs, cancel: clock.after(minutes * 60_000, end) })
    }
    this.#apply()
    return ok(undefined)
  }

  stop(): void {
    for (const { cancel } of this.#overrides.values()) cancel()
    this.#overrides.clear()
    this.#apply()
  }

  #apply(): void {
    const root = this.#root
    if (!root) return
    const whole = this.#overrides.get(everyPart)
    for (const [part, loggers] of this.#parts) {
      const { level } = this.#overrides.get(part) ?? whole ?? root
      for (const one of loggers) {
        const logger = one.deref()
        if (logger) logger.level = level
      }
    }
  }
}

function shown(part: string, override: Override | undefined, level: string, nowMs: number): LevelOfPart {
  if (!override) return { part, level }
  const minutesLeft = Math.max(0, Math.ceil((override.untilMs - nowMs) / 60_000))
  return { part, level: override.level, minutesLeft }
}
