// A village of raw devices in a separate process, controlled over IPC: connect, saturate, report steadily, count. The
// same load for us and for the peer.
import { runElsewhere } from './elsewhere.ts'
import { RawDevice } from './raw-device.ts'

export type LoadOrder =
  | { order: 'connect'; port: number; devices: number }
  /** From now on the box has the processors to itself, as far as it needs them. */
  | { order: 'yield' }
  /** Each PUBACK triggers the next report; `inFlight` are always in flight per device. */
  | { order: 'saturate'; inFlight: number }
  | { order: 'steady'; perSecond: number }
  | { order: 'count' }
  /** Ends all connections. */
  | { order: 'end' }

export interface LoadAnswer {
  acked: number
  atMs: number
  /** Connections that closed unexpectedly. */
  broken: number
}

/** Each process is a boot of its own, so that message ids never repeat. */
const boot = Math.floor(Date.now() / 1000) % 1_000_000_000

let devices: RawDevice[] = []
let acked = 0
/** Each device counts its own events, as firmware does. */
const sent = new Map<string, number>()
let broken = 0
let isSaturating = false
let isEnding = false
let timer: NodeJS.Timeout | undefined

function report(device: RawDevice): void {
  const n = (sent.get(device.id) ?? 0) + 1
  sent.set(device.id, n)
  device.publish(
    `{"id":"${boot}-${n}","temperatureC":${20 + (n % 100) / 10},"batteryPercent":87,"signalDbm":-61}`,
  )
}

function hear(device: RawDevice): void {
  acked++
  if (isSaturating) report(device)
}

async function connect(port: number, count: number): Promise<void> {
  isEnding = false
  const onEnd = (): void => {
    if (!isEnding) broken++
  }
  devices = Array.from({ length: count }, (_, i) => new RawDevice(`bench-${i}`, { onAck: hear, onEnd }))
  for (let from = 0; from < count; from += 50)
    await Promise.all(devices.slice(from, from + 50).map((device) => device.connect(port)))
}

/** Reports at random times, like independent devices. */
function steady(perSecond: number): void {
  let next = 0
  const again = (): void => {
    const device = devices[next++ % devices.length]
    if (device) report(device)
    timer = setTimeout(again, (-Math.log(1 - Math.random()) / perSecond) * 1000)
  }
  again()
}

async function obey(order: LoadOrder): Promise<void> {
  switch (order.order) {
    case 'connect':
      return connect(order.port, order.devices)
    case 'yield':
      return runElsewhere()
    case 'saturate':
      isSaturating = true
      for (const device of devices) for (let i = 0; i < order.inFlight; i++) report(device)
      return
    case 'steady':
      return steady(order.perSecond)
    case 'count':
      return
    case 'end':
      isSaturating = false
      isEnding = true
      clearTimeout(timer)
      for (const device of devices) device.end()
      devices = []
  }
}

process.on('message', (order: LoadOrder) => {
  obey(order).then(
    () => process.send?.({ acked, atMs: performance.now(), broken } satisfies LoadAnswer),
    (error: Error) => {
      console.error(`load: ${error.message}`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
