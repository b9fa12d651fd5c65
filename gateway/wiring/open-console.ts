// The console of the box: its health page and the manual actions. If its port is taken, the box starts without it.
import { join } from 'node:path'
import type { DevicesAnswer } from '../../protocols/console/api.ts'
import type { Cameras } from '../cameras/port.ts'
import type { ConsoleAccess } from '../console/access/console-access.ts'
import { checkControl, parseControl } from '../console/box-controls.ts'
import { ConsoleServer } from '../console/console-server.ts'
import { outletRoutes, type BoxOutletCalls } from '../console/routes/outlet-routes.ts'
import type { HealthReport } from '../health/health-report.ts'
import type { StorageWatch } from '../health/storage-watch.ts'
import type { Intake } from '../intake/intake.ts'
import { reportTo, type Base } from './base.ts'
import type { OpenedJournal } from './open-journal.ts'
import type { OpenRegistry } from './open-registry.ts'
import { openInstalling, type OpenInstallingOptions } from './console/open-installing.ts'
import { programFolder } from './program-folder.ts'

export interface OpenConsoleOptions
  extends OpenedJournal, Pick<OpenInstallingOptions, 'centreConfig' | 'restart'> {
  access: ConsoleAccess
  intake: Intake
  cameras: Cameras | undefined
  registry: OpenRegistry
  storageWatch: StorageWatch
  health: HealthReport
  outlets: BoxOutletCalls
}

/** Where the console listens while a person has opened it. */
const anyHost = '0.0.0.0'

/** The address of the console; empty without one. */
export async function openConsole(base: Base, options: OpenConsoleOptions): Promise<string> {
  const { config, logger, clock, metrics, parts } = base
  const { access, intake, cameras, health, storageWatch, outlets } = options
  const note = (what: string, facts: Record<string, unknown>): void =>
    reportTo(logger)(intake.log(what, facts), 'an action at the console could not be noted')
  const { host, port, villageHost = anyHost, names } = config.console
  let consolePort = port
  const installing = await openInstalling(base, {
    ...options,
    note,
    port: () => consolePort,
  })
  const server = new ConsoleServer({
    host,
    port,
    villageHost,
    names,
    boxName: config.box.name ?? config.box.id,
    access,
    note,
    more: [...installing, ...outletRoutes({ outlets, note })],
    pageFolder: join(programFolder(), 'dist/web/console'),
    clock,
    metrics,
    logger: logger.child({ part: 'console' }),
    fault: () => storageWatch.fault,
    health: () => health.answer(),
    quarantine: (limit) => health.quarantine(limit),
    control: async (control, body) => {
      const parsed = parseControl(control, body)
      const input = parsed.ok ? checkControl(parsed.value, health.known()) : parsed
      if (input.ok) await intake.judge(input.value)
      return input
    },
    forget: ({ device, by }) => intake.forget(device, `asked for at the console by ${by}`),
    cameras,
    devices: {
      answer: () => devicesAnswer(options.registry, health),
      change: (request) => options.registry.change(request),
      permitJoin: (bridge, minutes) => options.registry.permitJoin(bridge, minutes),
    },
  })
  try {
    const url = await server.start()
    consolePort = Number(new URL(url).port)
    parts.add('console', () => server.stop())
    return url
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    logger.error({ code, reason: message, ...config.console }, 'no console: give console.port a free port')
    return ''
  }
}

function devicesAnswer(registry: OpenRegistry, health: HealthReport): DevicesAnswer {
  const { listed, ...rest } = registry.describe()
  const devices = listed.map((entry) => ({ ...health.device(entry.id), ...entry }))
  return { v: 1, devices, ...rest }
}
