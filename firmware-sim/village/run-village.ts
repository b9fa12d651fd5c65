// Runs a village from a terminal: a progress line, a clean end on Ctrl-C or after a time.
import { createSystemClock } from '../../protocols/kit/clock.ts'
import type { Credential } from '../links/credentials.ts'
import { runScenario, type Scenario } from './scenario.ts'
import type { VillageStatistics } from './village-counters.ts'
import { startLine } from './start-line.ts'
import { createVillage } from './village.ts'
import { endProgress, print, printProblem, printProgress } from '../../platform/terminal.ts'

export interface RunVillageOptions {
  url: string
  devices: number
  seed: number
  intervalSeconds: number
  rate?: number | undefined
  inFlight: number
  sleepy: number
  boot: number
  forSeconds?: number | undefined
  scenario?: Scenario | undefined
  credential: (device: string) => Credential
}

/** Between progress lines: on a terminal the line is overwritten, in a file it would fill the disk. */
const progressMs = { terminal: 1000, file: 10_000 }
/** Time for DISCONNECT packets to leave the socket. */
const goodbyeMs = 300

export async function runVillage(options: RunVillageOptions): Promise<void> {
  const clock = createSystemClock()
  let lastReason = ''
  // Each new reason once: five hundred devices of a stopped gateway all report the same.
  const remark = (device: string, isUp: boolean, reason: string): void => {
    if (isUp || reason === 'left' || reason === lastReason) return
    lastReason = reason
    printProblem(`${device}: ${reason}\n`)
  }
  print(`${startLine(options)}\n`)
  const village = createVillage({
    seed: options.seed,
    devices: options.devices,
    url: options.url,
    clock,
    credential: options.credential,
    reportIntervalMs: options.intervalSeconds * 1000,
    firstBoot: options.boot,
    sleepyShare: options.sleepy,
    inFlightMax: options.inFlight,
    remembersIds: false,
    onLink: remark,
  })
  village.start()
  if (options.rate) village.startLoad(options.rate)
  const cancelScenario = options.scenario && runScenario(village, options.scenario, describeStep)

  const progress = setInterval(
    () => printProgress(describe(village.statistics())),
    process.stdout.isTTY ? progressMs.terminal : progressMs.file,
  )
  await untilStopped(options.forSeconds)
  clearInterval(progress)
  cancelScenario?.()
  village.stopLoad()
  const end = village.statistics()
  village.stop()
  await new Promise((resolve) => setTimeout(resolve, goodbyeMs))
  endProgress()
  print(`${describe(end)}\n`)
}

function describeStep({ at, device, do: what }: Scenario['steps'][number]): void {
  printProblem(`${at} s: ${device} ${what}\n`)
}

function describe(now: VillageStatistics): string {
  const { devices, connected, events, acked, waiting, resent, dropped } = now
  return (
    `connected 在线 ${connected}/${devices}  events 事件 ${events}  acknowledged 已确认 ${acked}  ` +
    `waiting 等待 ${waiting}  re-sent 重发 ${resent}  dropped 丢弃 ${dropped}`
  )
}

async function untilStopped(forSeconds: number | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = forSeconds === undefined ? undefined : setTimeout(end, forSeconds * 1000)
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
    function end(): void {
      clearTimeout(timer)
      process.off('SIGINT', end)
      process.off('SIGTERM', end)
      resolve()
    }
  })
}
