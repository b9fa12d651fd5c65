// The alarm engine turns readings into alarms after ISA-18.2. It is a pure function over its memory, so the same code
// runs in the box, in the simulator and in `gengfu judge`.
import type { AlarmSettings } from '../config/alarm-settings.ts'
import { dueMsOf } from './due/alarm-due.ts'
import { confirm, shelve, takeStage } from './lifecycle/answer.ts'
import { callOff } from './lifecycle/call-off.ts'
import { takeFact } from './box-facts.ts'
import { takeBypass } from './zones/bypass.ts'
import { alarmPrefix, boxKey, devicePrefix, pastPrefix, readBox, zonePrefix } from './documents.ts'
import { DueQueue } from './due/due-queue.ts'
import { takeUnreadable } from './blind.ts'
import { judgeEvent, judgePresence, takeHint } from './judge-event.ts'
import { log, mostUrgent, setBox, type Judging } from './judging.ts'
import { takeMaintenance } from './zones/maintenance.ts'
import type { AlarmEngine, AlarmInput, AlarmMemory, Now, Outcome } from './port.ts'
import { resolveSettings, type ResolvedSettings } from './resolved-settings.ts'
import { runDue } from './due/run-due.ts'
import { beginActivities } from './zones/activity.ts'
import { untilNextMinuteMs } from './zones/schedule.ts'
import { followSchedules, takeArm } from './zones/zone-arming.ts'

/**
 * The engine remembers at most this many unregistered devices. An event of any further one is judged without memory.
 */
export const strangersMax = 1000
/**
 * If a document stays due after it was processed, it is processed again after this time, so that the engine can not
 * loop.
 */
const againMs = 1000
/** The due index is rebuilt this often, so that an error in it can not last. */
const rebuildEachMs = 3_600_000
/** Limit of the rounds in one call: processing a due document can make another one due. */
const roundsMax = 4

/** Derived from the documents of one memory; rebuilt when it is missing. */
interface Index {
  dues: DueQueue
  keyById: Map<string, string>
  strangers: number
  /** Wall minute and clock state at which the schedules were last evaluated. */
  minute: number
  clock: Now['clock'] | undefined
  scheduleDueMs: number
  builtMs: number | undefined
}

function buildIndex(memory: AlarmMemory, settings: ResolvedSettings): Index {
  const dues = new DueQueue()
  let strangers = 0
  for (const prefix of [alarmPrefix, devicePrefix, zonePrefix, pastPrefix, boxKey]) {
    for (const key of memory.keys(prefix)) {
      dues.touch(key, dueMsOf(key, { settings, memory }))
      if (prefix === devicePrefix && !settings.devices.has(key.slice(prefix.length))) strangers++
    }
  }
  const scheduleDueMs = settings.scheduledZones.length > 0 ? -Infinity : Infinity
  return {
    dues,
    keyById: new Map(),
    strangers,
    minute: NaN,
    clock: undefined,
    scheduleDueMs,
    builtMs: undefined,
  }
}

/** All documents due by now, root causes first, in an order that depends on the documents only. */
function takeDue(judging: Judging): string[] {
  const { dues, now, settings } = judging
  const taken: { key: string; dueMs: number; rank: number }[] = []
  while (dues.peekMs() <= now.steadyMs) {
    const key = dues.pop()
    if (key === undefined) continue
    const dueMs = dueMsOf(key, judging)
    if (dueMs > now.steadyMs) dues.touch(key, dueMs)
    else taken.push({ key, dueMs, rank: settings.hangingOn.has(key.slice(devicePrefix.length)) ? 0 : 1 })
  }
  taken.sort((a, b) => a.rank - b.rank || a.dueMs - b.dueMs || (a.key < b.key ? -1 : 1))
  return taken.map(({ key }) => key)
}

function runDues(judging: Judging): void {
  const { dues, now } = judging
  for (let round = 0; round < roundsMax && dues.peekMs() <= now.steadyMs; round++) {
    for (const key of takeDue(judging)) {
      runDue(judging, key)
      const dueMs = dueMsOf(key, judging)
      dues.touch(key, dueMs <= now.steadyMs ? now.steadyMs + againMs : dueMs)
    }
  }
}

function takeInput(judging: Judging, input: AlarmInput, index: Index): void {
  switch (input.type) {
    case 'event': {
      const device = judging.settings.device(input.event.device)
      if (!device.isRegistered && judging.memory.get(device.key) === undefined) {
        const canRemember = index.strangers < strangersMax
        if (canRemember) index.strangers++
        return judgeEvent(judging, input.event, device, canRemember)
      }
      return judgeEvent(judging, input.event, device, true)
    }
    case 'unreadable':
      return takeUnreadable(judging, input)
    case 'presence':
      return input.isHint
        ? takeHint(judging, input.device, input.isOnline)
        : judgePresence(judging, input.device, input.isOnline)
    case 'stage':
      return takeStage(judging, input.alarm, input.stage)
    case 'arm':
      return takeArm(judging, input)
    case 'bypass':
      return takeBypass(judging, input)
    case 'shelve':
      return shelve(judging, input)
    case 'confirm':
      return confirm(judging, input)
    case 'call-off':
      return callOff(judging, input)
    case 'maintenance':
      return takeMaintenance(judging, input.zone, input.forMs, input.by)
    case 'box':
      return takeFact(judging, input.fact)
    case 'started':
      setBox(judging, { ...readBox(judging.memory), startedMs: judging.now.steadyMs })
      beginActivities(judging)
      return log(judging, 'engine-started', {})
    case 'tick':
      return
  }
}

function lookAtSchedules(judging: Judging, index: Index): void {
  const { wallMs, clock, steadyMs } = judging.now
  const minute = Math.floor(wallMs / 60_000)
  if (minute === index.minute && clock === index.clock) return
  index.minute = minute
  index.clock = clock
  index.scheduleDueMs = steadyMs + untilNextMinuteMs(wallMs)
  followSchedules(judging)
}

export function createAlarmEngine(settings: AlarmSettings): AlarmEngine {
  const resolved = resolveSettings(settings)
  const indexes = new WeakMap<AlarmMemory, Index>()

  function indexOf(memory: AlarmMemory): Index {
    let index = indexes.get(memory)
    if (!index) indexes.set(memory, (index = buildIndex(memory, resolved)))
    return index
  }

  return {
    judge(memory: AlarmMemory, input: AlarmInput, now: Now): Outcome {
      let index = indexOf(memory)
      index.builtMs ??= now.steadyMs
      if (now.steadyMs - index.builtMs >= rebuildEachMs) {
        indexes.delete(memory)
        index = indexOf(memory)
        index.builtMs = now.steadyMs
      }
      const judging: Judging = {
        settings: resolved,
        memory,
        now,
        dues: index.dues,
        keyById: index.keyById,
        transitions: [],
        commands: [],
        logs: [],
        flags: [],
        raised: 0,
        hasUntold: false,
      }
      // A start is processed before the due documents: devices that sent nothing while the box was off get time to
      // report.
      if (input.type === 'started') takeInput(judging, input, index)
      if (index.dues.peekMs() <= now.steadyMs) runDues(judging)
      if (resolved.scheduledZones.length > 0) lookAtSchedules(judging, index)
      const before = judging.transitions.length
      if (input.type !== 'started') takeInput(judging, input, index)
      return {
        transitions: judging.transitions,
        commands: judging.commands,
        logs: judging.logs,
        colour: mostUrgent(judging.transitions, before),
        flags: judging.flags,
        hasUntold: judging.hasUntold,
      }
    },

    nextDueMs(memory: AlarmMemory): number {
      const { dues, scheduleDueMs } = indexOf(memory)
      for (;;) {
        const scheduledMs = dues.peekMs()
        if (scheduledMs === Infinity || scheduledMs >= scheduleDueMs)
          return Math.min(scheduledMs, scheduleDueMs)
        const key = dues.pop()
        if (key === undefined) continue
        const dueMs = dueMsOf(key, { settings: resolved, memory })
        dues.touch(key, Math.max(dueMs, scheduledMs))
        if (dueMs <= scheduledMs) return scheduledMs
      }
    },

    forget(memory: AlarmMemory): void {
      indexes.delete(memory)
    },
  }
}
