// Does the whole box work inside 256 MB and half a core: 500 devices report, a million records wait and then drain to a
// centre outside, and a button is pressed all the time? The kernel enforces the limits; it kills a process that exceeds
// them.
import { join } from 'node:path'
import { createTown, type Program, type TestTown } from '../../kits/system/programs.ts'
import { boxEnvironment } from '../figures/box-environment.ts'
import { createControlGroup, type ControlGroup } from './control-group.ts'
import { median, percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { fillJournal } from '../fill-journal.ts'
import { residentMegabytes } from '../figures/kernel-figures.ts'
import { Load } from './load.ts'
import { receiptedRoutine } from '../memory.ts'
import { pause, readOptions } from '../options.ts'
import { RawDevice } from './raw-device.ts'
import { firstPubackMs } from '../start.ts'
import { villageDevices } from '../village.ts'

const megabytes = 256
const cores = 0.5
const betweenPressesMs = 250

interface Phase {
  name: string
  pressMs: number[]
  mostMegabytes: number
  seconds: number
}

/** Presses until `isOver` returns true, and reads the memory each time. */
async function watch(
  name: string,
  gateway: Program,
  port: number,
  isOver: (seconds: number) => Promise<boolean>,
): Promise<Phase> {
  let acked: () => void = () => undefined
  const button = new RawDevice('bench-button', { onAck: () => acked() })
  await button.connect(port)
  const phase: Phase = { name, pressMs: [], mostMegabytes: 0, seconds: 0 }
  const startMs = performance.now()
  for (let n = 1; !(await isOver(phase.seconds)); n++) {
    const pressedMs = performance.now()
    const answered = new Promise<void>((resolve) => (acked = resolve))
    button.publish(`{"id":"${Math.floor(Date.now() / 1000)}-${n}","button":"${n % 2 ? 'pressed' : 'held'}"}`)
    await Promise.race([answered, gateway.exited])
    if (!gateway.isRunning) throw new Error(`the gateway ended\n${gateway.tail()}`)
    phase.pressMs.push(performance.now() - pressedMs)
    phase.mostMegabytes = Math.max(phase.mostMegabytes, residentMegabytes(gateway.pid))
    await pause(betweenPressesMs)
    phase.seconds = (performance.now() - startMs) / 1000
  }
  button.end()
  return phase
}

async function measure(
  town: TestTown,
  group: ControlGroup,
  { records, devices, seconds, secondsMax }: Record<'records' | 'devices' | 'seconds' | 'secondsMax', number>,
): Promise<void> {
  const wrap = [...group.wrap, ...boxEnvironment()]
  await fillJournal(join(town.folder, 'gateway'), records)
  const startMs = [await firstPubackMs(town, 1, wrap), await firstPubackMs(town, 2, wrap)]
  const gateway = await town.startGateway(wrap)
  const load = new Load()
  try {
    await load.ask({ order: 'connect', port: town.ports.mqtt, devices })
    await load.ask({ order: 'steady', perSecond: devices / 60 })
    const alone = await watch('no link', gateway, town.ports.mqtt, async (s) => s >= seconds)
    await town.startCentre()
    const isDrained = async (s: number): Promise<boolean> =>
      s >= secondsMax || (await receiptedRoutine(town.ports.console)) >= records
    const draining = await watch('draining', gateway, town.ports.mqtt, isDrained)
    const { acked, broken } = await load.ask({ order: 'count' })
    const row = ({ name, pressMs, mostMegabytes }: Phase): string[] => [
      name,
      String(pressMs.length),
      short(median(pressMs)),
      short(percentile(pressMs, 0.99)),
      short(mostMegabytes),
    ]
    printTable(
      `small-box: ${devices} devices, ${records} records waiting, ${megabytes} MB and ${cores} of a core`,
      ['', 'presses', 'PUBACK ms, median', 'p99', 'resident MB'],
      [row(alone), row(draining)],
    )
    const receipted = await receiptedRoutine(town.ports.console)
    console.log(
      `  ${receipted} routine records receipted in ${short(draining.seconds)} s; ${acked} reports kept`,
    )
    const resident = Math.max(alone.mostMegabytes, draining.mostMegabytes)
    printVerdict('ms to the first durable PUBACK', median(startMs), median(startMs) <= 5000, '5000')
    printVerdict('resident MB', resident, resident <= 120, '120')
    printVerdict('records that wait still', Math.max(0, records - receipted), receipted >= records, '0')
    printVerdict('connections broken', broken, broken === 0, '0')
    printVerdict('kills for want of memory', group.killed(), group.killed() === 0, '0')
  } finally {
    load.close()
  }
}

export async function runSmallBox(args: readonly string[]): Promise<void> {
  const options = readOptions(args, { records: 1_000_000, devices: 500, seconds: 30, secondsMax: 300 })
  let group: ControlGroup
  try {
    group = createControlGroup(megabytes, cores)
  } catch (error) {
    console.error(`small-box: no right to make a control group (version 1) here: ${(error as Error).message}`)
    process.exitCode = 2
    return
  }
  const town = await createTown({ devices: villageDevices(options.devices) })
  try {
    await measure(town, group, options)
  } finally {
    await town.close()
    group.remove()
  }
}
