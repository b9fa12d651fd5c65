// Measures the alarm engine alone: transitions per second, routine events per second, and the memory of a simulated
// year. Run: node --expose-gc --import tsx tests/bench/alarm-transitions.ts
import { createAlarmEngine } from '../../gateway/alarms/alarm-engine.ts'
import type { AlarmInput, AlarmMemory } from '../../gateway/alarms/port.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import { createMapMemory, settingsFrom } from '../unit/gateway/alarms/alarm-village.ts'

const deviceCount = 500
const ids = Array.from({ length: deviceCount }, (_, index) => `device-${index}`)
const kinds = ['button', 'contact', 'motion', 'smoke', 'water'] as const
const settings = settingsFrom({
  zones: [{ id: 'yard', name: '村委会', armed: true, schedule: [{ from: '00:00', to: '00:00' }] }],
  devices: ids.map((id, index) => ({
    id,
    kind: kinds[index % kinds.length] ?? 'other',
    zone: 'yard',
    reportIntervalS: 4 * 3600,
    water: { nearWarningMm: 600, warningMm: 900, guaranteeMm: 1200, historicMm: 1700 },
  })),
  rules: [{ id: 'siren', when: { colours: ['red'] }, device: 'siren', do: 'siren' }],
})

class Run {
  readonly engine = createAlarmEngine(settings)
  readonly memory: AlarmMemory = createMapMemory()
  steadyMs = 0
  inputs = 0
  transitions = 0

  judge(input: AlarmInput): string | undefined {
    const now = {
      steadyMs: this.steadyMs,
      wallMs: 1767225600000 + this.steadyMs,
      clock: 'synced',
      inputId: `i${++this.inputs}`,
    } as const
    const outcome = this.engine.judge(this.memory, input, now)
    this.transitions += outcome.transitions.length
    return outcome.transitions[0]?.alarm.id
  }

  says(device: string, readings: Readings): string | undefined {
    return this.judge({ type: 'event', event: { device, messageId: 'm', readings } })
  }

  wait(ms: number): void {
    const untilMs = this.steadyMs + ms
    for (
      let dueMs = this.engine.nextDueMs(this.memory);
      dueMs <= untilMs;
      dueMs = this.engine.nextDueMs(this.memory)
    ) {
      this.steadyMs = Math.max(this.steadyMs, dueMs)
      this.judge({ type: 'tick' })
    }
    this.steadyMs = untilMs
  }
}

function print(what: string, facts: Record<string, number>): void {
  console.log(JSON.stringify({ what, ...facts }))
}

/** Wall and processor time from here: on a busy machine only the second shows the cost of the engine. */
function begin(): () => { seconds: number; cpuSeconds: number } {
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(startCpu)
    return { seconds: (performance.now() - startMs) / 1000, cpuSeconds: (user + system) / 1e6 }
  }
}

function heapMb(): number {
  globalThis.gc?.()
  return Math.round(process.memoryUsage().heapUsed / 1e5) / 10
}

/** Every input causes a transition: smoke begins and ends on 500 devices, red, with text and rules. */
function measureTransitions(): void {
  const run = new Run()
  for (let round = 0; round < 20; round++) for (const id of ids) run.says(id, { smoke: round % 2 === 0 })
  run.transitions = 0
  const started = begin()
  for (let round = 0; round < 2000; round++) {
    run.steadyMs += 10
    for (const id of ids) run.says(id, { smoke: round % 2 === 0 })
  }
  const { seconds, cpuSeconds } = started()
  print('transitions', {
    transitions: run.transitions,
    perSecond: Math.round(run.transitions / seconds),
    perCpuSecond: Math.round(run.transitions / cpuSeconds),
  })
}

/**
 * Complete lives: raised, accepted, returned and ended, with a new text each time. Accepting finds the alarm by its id.
 */
function measureLives(): void {
  const run = new Run()
  const started = begin()
  for (let round = 0; round < 400; round++) {
    for (const id of ids) {
      run.steadyMs += 1
      const alarm = run.says(id, { fire: true })
      if (alarm !== undefined) run.judge({ type: 'stage', alarm, stage: 'accepted' })
      run.says(id, { fire: false })
    }
  }
  const { seconds, cpuSeconds } = started()
  print('lives', {
    transitions: run.transitions,
    perSecond: Math.round(run.transitions / seconds),
    perCpuSecond: Math.round(run.transitions / cpuSeconds),
  })
}

function measureRoutine(): void {
  const run = new Run()
  const count = 1_000_000
  const started = begin()
  for (let index = 0; index < count; index++) {
    run.steadyMs += 1
    run.says(ids[index % deviceCount] ?? '', { contact: 'closed', batteryPercent: 88, signalDbm: -60 })
  }
  const { seconds, cpuSeconds } = started()
  print('routine events', {
    count,
    perSecond: Math.round(count / seconds),
    perCpuSecond: Math.round(count / cpuSeconds),
  })
}

/** A report every four hours from each device, occasional floods and fires, people who answer some of them. */
function measureYear(): void {
  const run = new Run()
  const stepMs = (4 * 3600 * 1000) / deviceCount
  const heaps: number[] = []
  const started = begin()
  const events = (365 * 24 * deviceCount) / 4
  for (let index = 0; index < events; index++) {
    run.wait(stepMs)
    const id = ids[index % deviceCount] ?? ''
    const kind = kinds[(index % deviceCount) % kinds.length]
    const turn = Math.floor(index / deviceCount)
    const isRare = (index * 2654435761) % 997 === 0
    if (kind === 'water') run.says(id, { waterLevelMm: 400 + ((turn * 37) % 300) })
    else if (kind === 'contact')
      run.says(id, { contact: isRare ? 'open' : 'closed', batteryPercent: 100 - (turn % 100) })
    else if (!isRare) run.says(id, { smoke: false, motion: false, batteryPercent: 90 })
    else {
      const alarm = run.says(id, { smoke: true })
      if (alarm !== undefined) run.judge({ type: 'stage', alarm, stage: 'closed' })
    }
    if (index % Math.floor(events / 6) === 0) heaps.push(heapMb())
  }
  const documents = [...run.memory.keys('')].length
  print('year of 500 devices', {
    events,
    inputs: run.inputs,
    transitions: run.transitions,
    cpuSeconds: Math.round(started().cpuSeconds * 10) / 10,
    documents,
    heapMbFirst: heaps[1] ?? 0,
    heapMbLast: heaps.at(-1) ?? 0,
  })
}

measureTransitions()
measureLives()
measureRoutine()
measureYear()
