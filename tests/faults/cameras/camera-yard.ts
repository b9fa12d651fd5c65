// Eight simulated cameras in a separate process, because real cameras are separate machines. The camera campaign starts
// it, and over IPC sets the faults of each camera or switches all cameras off.
import { noFaults, type CameraKnobs } from '../../../firmware-sim/camera/knobs.ts'
import { SimulatedCamera } from '../../../firmware-sim/camera/simulated-camera.ts'
import { runElsewhere } from '../../bench/load/elsewhere.ts'

export type YardOrder = { do: 'work'; knobs: Partial<CameraKnobs>[] } | { do: 'rest' } | { do: 'end' }

export interface YardReport {
  ports: number[]
  /** The largest number of simultaneous attempts at one camera so far. */
  busyMax: number
}

const count = 8
let cameras: SimulatedCamera[] = []
let ports: number[] = []
let busyMax = 0

async function start(): Promise<void> {
  cameras = Array.from({ length: count }, (_, i) => new SimulatedCamera({ port: ports[i] ?? 0 }))
  for (const camera of cameras) await camera.start()
  ports = cameras.map((camera) => camera.port)
}

async function rest(): Promise<void> {
  for (const camera of cameras) {
    busyMax = Math.max(busyMax, camera.busyMax)
    await camera.stop()
  }
  cameras = []
}

async function obey(order: YardOrder): Promise<void> {
  if (order.do === 'end') return process.disconnect()
  if (order.do === 'rest') await rest()
  if (order.do === 'work') {
    if (cameras.length === 0) await start()
    cameras.forEach((camera, i) => Object.assign(camera.knobs, noFaults(), order.knobs[i]))
  }
  process.send?.({ ports, busyMax } satisfies YardReport)
}

runElsewhere()
process.on('message', (order: YardOrder) => void obey(order))
process.on('disconnect', () => process.exit())
await start()
process.send?.({ ports, busyMax } satisfies YardReport)
