// What does an idle village cost: processor and memory of the gateway with 500 devices that report once a minute,
// compared with Mosquitto and the same devices?
import { createTown } from '../kits/system/programs.ts'
import { boxEnvironment } from './figures/box-environment.ts'
import { printTable, printVerdict, short } from './figures/figures.ts'
import { processorSeconds, residentMegabytes } from './figures/kernel-figures.ts'
import { Load } from './load/load.ts'
import { startMosquitto } from './load/mosquitto.ts'
import { pause, readOptions } from './options.ts'
import { villageDevices } from './village.ts'

const settleMs = 8000

export async function runIdle(args: readonly string[]): Promise<void> {
  const { seconds, devices } = readOptions(args, { seconds: 90, devices: 500 })
  const town = await createTown({ devices: villageDevices(devices) })
  const mosquitto = await startMosquitto()
  const loads = [new Load(), new Load()]
  try {
    await town.startCentre()
    const gateway = await town.startGateway(boxEnvironment())
    const sides = [
      { name: 'Mosquitto, keeps nothing', pid: mosquitto.pid, port: mosquitto.port },
      { name: 'Gengfu, with a centre', pid: gateway.pid, port: town.ports.mqtt },
    ]
    for (const [at, { port }] of sides.entries()) {
      await loads[at]?.ask({ order: 'connect', port, devices })
      await loads[at]?.ask({ order: 'steady', perSecond: devices / 60 })
    }
    await pause(settleMs)
    const spent = sides.map(({ pid }) => processorSeconds(pid))
    const startMs = performance.now()
    await pause(seconds * 1000)
    const tookS = (performance.now() - startMs) / 1000
    const shares = sides.map(({ pid }, at) => ((processorSeconds(pid) - (spent[at] ?? 0)) / tookS) * 100)
    const resident = sides.map(({ pid }) => residentMegabytes(pid))
    printTable(
      `idle: ${devices} devices, one report a minute, ${seconds} s`,
      ['', '% of one core', 'resident MB'],
      sides.map(({ name }, at) => [name, short(shares[at] ?? 0), short(resident[at] ?? 0)]),
    )
    printVerdict('% of one core', shares[1] ?? 0, (shares[1] ?? Infinity) <= 3, '3')
    printVerdict('resident MB', resident[1] ?? 0, (resident[1] ?? Infinity) <= 120, '120')
  } finally {
    for (const load of loads) load.close()
    await mosquitto.close()
    await town.close()
  }
}
