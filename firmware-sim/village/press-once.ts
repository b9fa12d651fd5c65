// One press of one simulated button, stored and sent again until the gateway's PUBACK.
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import type { Credential } from '../links/credentials.ts'
import { Device } from '../devices/device.ts'
import { AlarmButton, type ButtonPress } from '../devices/alarm-button.ts'
import { print, printProblem } from '../../platform/terminal.ts'

export interface PressOnceOptions {
  url: string
  device: string
  how: ButtonPress
  waitSeconds: number
  /** Stays connected and shows the receipts. */
  watch?: boolean | undefined
  boot: number
  credential: Credential
}

const goodbyeMs = 200

/** Prints the progress; sets a failing exit code when no PUBACK comes in time. */
export async function pressOnce(options: PressOnceOptions): Promise<void> {
  const random = createSystemRandom()
  let acknowledged = (): void => {}
  let closed = (): void => {}
  const isAcknowledged = new Promise<void>((resolve) => (acknowledged = resolve))
  const isClosed = new Promise<void>((resolve) => (closed = resolve))
  const device = new Device({
    id: options.device,
    url: options.url,
    clock: createSystemClock(),
    random,
    linkRandom: random,
    ...options.credential,
    firstBoot: options.boot,
    reportIntervalMs: 0,
    hooks: {
      onAck: acknowledged,
      onLink: (_id, isUp, reason) => {
        if (!isUp && reason !== 'left') printProblem(`${reason}\n`)
      },
      onReceipt: (_id, { id, stage }) => {
        print(`receipt 回执 ${id} ${stage}\n`)
        if (stage === 'closed') closed()
      },
    },
  })
  const button = new AlarmButton(device)
  device.start()
  const id = button.press(options.how)
  const seconds = options.waitSeconds
  const isTaken = await inTime(isAcknowledged, seconds * 1000)
  if (isTaken) print(`acknowledged 已确认 ${options.device} ${id}\n`)
  else {
    printProblem(`no PUBACK in ${seconds} s 网关没有确认\n`)
    process.exitCode = 1
  }
  if (isTaken && options.watch)
    await Promise.race([isClosed, new Promise((resolve) => process.once('SIGINT', resolve))])
  device.stop()
  await new Promise((resolve) => setTimeout(resolve, goodbyeMs))
}

/** True when `promise` came first. The timer holds the process: those of the device's clock do not. */
async function inTime(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)))
  const isFirst = await Promise.race([promise.then(() => true), timeout])
  clearTimeout(timer)
  return isFirst
}
