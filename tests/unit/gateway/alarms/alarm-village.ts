// A village in memory for the tests of the alarm engine: settings in, inputs at virtual times, outcomes out.
import { createAlarmEngine } from '../../../../gateway/alarms/alarm-engine.ts'
import type { AlarmDocument } from '../../../../gateway/alarms/documents.ts'
import type {
  AlarmInput,
  AlarmMemory,
  LogEntry,
  Outcome,
  Transition,
} from '../../../../gateway/alarms/port.ts'
import {
  parseAlarmSettings,
  type AlarmSettings,
  type AlarmSettingsInput,
} from '../../../../gateway/config/alarm-settings.ts'
import type { Alarm } from '../../../../protocols/domain/alarm.ts'
import type { ClockQuality } from '../../../../protocols/domain/event.ts'
import type { Readings } from '../../../../protocols/domain/reading.ts'
import { describeProblems } from '../../../../protocols/kit/result.ts'

export function settingsFrom(input: AlarmSettingsInput, boxId = 'box-1'): AlarmSettings {
  const parsed = parseAlarmSettings(boxId, input)
  if (!parsed.ok) throw new Error(describeProblems(parsed.problems))
  return parsed.value
}

/** The memory as the journal stores it: read back through JSON when `isJson`. */
export function createMapMemory(documents = new Map<string, string | object>(), isJson = false): AlarmMemory {
  return {
    get: (key) => {
      const value = documents.get(key)
      return typeof value === 'string' ? JSON.parse(value) : value
    },
    set: (key, value) => {
      if (value === undefined) documents.delete(key)
      else documents.set(key, isJson ? JSON.stringify(value) : value)
    },
    *keys(prefix) {
      for (const key of documents.keys()) if (key.startsWith(prefix)) yield key
    },
  }
}

export class AlarmVillage {
  readonly documents = new Map<string, string | object>()
  readonly memory: AlarmMemory
  readonly transitions: Transition[] = []
  readonly logs: LogEntry[] = []
  readonly commands: Outcome['commands'] = []
  nowMs = 0
  clock: ClockQuality = 'synced'
  /** 2026-01-01 08:00 in the village. */
  wallOffsetMs = Date.UTC(2026, 0, 1)
  #engine: ReturnType<typeof createAlarmEngine>
  #inputs = 0
  readonly #settings: AlarmSettings

  constructor(input: AlarmSettingsInput, isJson = false, boxId = 'box-1') {
    this.#settings = settingsFrom(input, boxId)
    this.#engine = createAlarmEngine(this.#settings)
    this.memory = createMapMemory(this.documents, isJson)
  }

  /** A new process over the same journal. */
  restart(): void {
    this.#engine = createAlarmEngine(this.#settings)
  }

  judge(input: AlarmInput): Outcome {
    const outcome = this.#engine.judge(this.memory, input, {
      steadyMs: this.nowMs,
      wallMs: this.nowMs + this.wallOffsetMs,
      clock: this.clock,
      // Ticks are named by their time: after a restart there may be one more of them, and nothing else may differ.
      inputId: input.type === 'tick' ? `t${this.nowMs}` : `i${++this.#inputs}`,
    })
    this.transitions.push(...outcome.transitions)
    this.logs.push(...(outcome.logs ?? []))
    this.commands.push(...outcome.commands)
    return outcome
  }

  says(device: string, readings: Readings): Outcome {
    const messageId = `${this.#inputs + 1}`
    return this.judge({ type: 'event', event: { device, messageId, readings } })
  }

  nextDueMs(): number {
    return this.#engine.nextDueMs(this.memory)
  }

  /** Moves time on, with a tick whenever the engine asks for one. */
  wait(seconds: number): Transition[] {
    const untilMs = this.nowMs + seconds * 1000
    const from = this.transitions.length
    for (;;) {
      const dueMs = this.nextDueMs()
      if (dueMs > untilMs) break
      this.nowMs = Math.max(this.nowMs, dueMs)
      this.judge({ type: 'tick' })
    }
    this.nowMs = untilMs
    return this.transitions.slice(from)
  }

  alarm(device: string, kind: string, suffix = ''): Alarm | undefined {
    const document = this.memory.get(`alarm:${device}/${kind}${suffix}`) as AlarmDocument | undefined
    return document?.alarm
  }

  alarms(): Alarm[] {
    return [...this.memory.keys('alarm:')].map((key) => (this.memory.get(key) as AlarmDocument).alarm)
  }

  /** `raised orange unacknowledged` and so on, in order. */
  story(from = 0): string[] {
    return this.transitions
      .slice(from)
      .map(({ change, alarm }) => `${change} ${alarm.kind} ${alarm.colour} ${alarm.state}`)
  }
}
