// Set-up, import, walk test and settings of the console: what they need of the other parts.
import type { ConnectFacts } from '../../../protocols/console/installing.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import { messageOf } from '../../../platform/failure.ts'
import { isLoopback } from '../../../platform/loopback.ts'
import { readBox, readZone } from '../../alarms/documents.ts'
import { readDeviceVitals } from '../../alarms/port.ts'
import { wholeBox } from '../../alarms/zones/maintenance.ts'
import { writePasswordEntries } from '../../broker/credentials/password-file.ts'
import { hashPassword } from '../../broker/credentials/passwords.ts'
import type { CentreChanges } from '../../config/centre-changes.ts'
import { cameraRoutes } from '../../console/cameras/camera-routes.ts'
import { importRoutes } from '../../console/devices/import-routes.ts'
import type { Installing } from '../../console/installing.ts'
import { templateRoute } from '../../console/devices/template-route.ts'
import { handoverRoutes } from '../../console/handover/handover-routes.ts'
import { listenerRoutes } from '../../console/listener/listener-routes.ts'
import { planRoutes } from '../../console/plan/plan-routes.ts'
import { json, signedIn, type Route } from '../../console/routes/route.ts'
import { networkFacts } from '../../console/setup/network-facts.ts'
import { setupRoutes } from '../../console/setup/setup-routes.ts'
import { settingsRoutes } from '../../console/settings/settings-routes.ts'
import { WalkTest, type TestNow } from '../../console/walk-test/walk-test.ts'
import type { HealthReport } from '../../health/health-report.ts'
import type { Intake } from '../../intake/intake.ts'
import type { Base } from '../base.ts'
import type { OpenedJournal } from '../open-journal.ts'
import { openCameraWork } from './open-camera-work.ts'
import { openUploads } from './open-uploads.ts'
import { restartAfterMs, type OpenRegistry } from '../open-registry.ts'

const passwordBytes = 12

export interface OpenInstallingOptions extends OpenedJournal {
  intake: Intake
  registry: OpenRegistry
  health: HealthReport
  centreConfig?: CentreChanges
  restart: (why: string) => void
  note: Installing['note']
  port: () => number
}

export async function openInstalling(base: Base, options: OpenInstallingOptions): Promise<Route[]> {
  const { config, clock, logger, parts } = base
  const { centreConfig, health, registry, boxClock } = options
  let cancel = (): void => undefined
  parts.add('changes of settings', () => cancel())
  const installing: Installing = {
    config,
    centreConfig,
    logger: logger.child({ part: 'console' }),
    wallMs: () => boxClock.now().atMs,
    health: () => health.answer(),
    walkTest: () => walkTest.answer(),
    port: options.port,
    newPassword,
    placePasswords: () =>
      placePasswords(centreConfig, config.mqtt.passwordFile ?? `${config.dataDir}/passwords`),
    connect: () => connectFacts(base, options.port()),
    openPairing: async (minutes) => {
      const asked = config.bridges.map(async ({ id }) => ({
        bridge: id,
        problem: await registry.permitJoin(id, minutes).catch(messageOf),
      }))
      return (await Promise.all(asked)).flatMap(({ bridge, problem }) =>
        problem === undefined ? [] : [{ bridge, problem }],
      )
    },
    // Several changes in a row share one start, and the answer is sent before it.
    restart: (why) => {
      cancel()
      cancel = clock.after(restartAfterMs, () => options.restart(why))
    },
    note: options.note,
  }
  // A power cut may have come between a change and its passwords.
  const placed = await installing.placePasswords()
  if (!placed.ok) logger.warn({ problems: placed.problems }, 'the passwords of new devices wait')
  const walkTest = openWalkTest(base, options)
  const uploads = openUploads(base, installing.wallMs)
  return [
    ...setupRoutes(installing),
    ...importRoutes(installing),
    ...settingsRoutes(installing),
    ...listenerRoutes(installing),
    ...cameraRoutes({ installing, work: openCameraWork(base) }),
    ...planRoutes({ installing, onPicture: () => void uploads.plan.look() }),
    ...handoverRoutes({
      installing,
      onStored: () => void uploads.handover.look(),
      isAtCentre: () => uploads.handover.isThere(),
    }),
    templateRoute,
    {
      method: 'GET',
      path: /^\/api\/v1\/walk-test$/,
      example: '/api/v1/walk-test',
      who: signedIn,
      run: () => json(walkTest.answer()),
    },
  ]
}

async function newPassword(): Promise<{ password: string; hash: string }> {
  const random = createSystemRandom()
  const password = random.hex(passwordBytes)
  return { password, hash: await hashPassword(password, random) }
}

async function placePasswords(centre: CentreChanges | undefined, file: string): Promise<Result<void>> {
  const { settings } = centre ?? {}
  if (!settings || Object.keys(settings.passwords).length === 0) return ok(undefined)
  try {
    await writePasswordEntries(file, settings.passwords)
  } catch (error) {
    return bad(messageOf(error), file)
  }
  return settings.passwordsPlaced()
}

/** The listener for the village's network, else the first one. */
function connectFacts({ config }: Base, port: number): ConnectFacts {
  const { listeners } = config.mqtt
  const listener = listeners.find(({ host }) => !isLoopback(host)) ?? listeners[0]
  const [address] = networkFacts(port).addresses
  const isAny = listener !== undefined && (listener.host === '0.0.0.0' || listener.host === '::')
  return {
    host: isAny ? (address?.address ?? 'gengfu.local') : (listener?.host ?? 'gengfu.local'),
    port: listener?.port ?? 1883,
    isTls: listener?.tls !== undefined,
  }
}

function openWalkTest(base: Base, { journal, intake, boxClock }: OpenInstallingOptions): WalkTest {
  const { config, clock, parts } = base
  const documents = intake.documents()
  const steadyMs = (): number => boxClock.now().steadyMs
  const testAt = (place: string): TestNow | undefined => {
    const { maintenance } = (place === wholeBox ? readBox(documents) : readZone(documents, place)) ?? {}
    return maintenance && maintenance.untilMs > steadyMs() ? { place, ...maintenance } : undefined
  }
  const places = [wholeBox, ...config.zones.map(({ id }) => id)]
  const walkTest = new WalkTest({
    dataDir: config.dataDir,
    clock,
    steadyMs,
    wallMs: () => boxClock.now().atMs,
    hasUplink: config.uplink !== undefined,
    devices: config.devices.map(({ id, name, kind, zone }) => ({ id, name, kind, zone })),
    now: () => {
      for (const place of places) {
        const test = testAt(place)
        if (test) return test
      }
      return undefined
    },
    receiptedOf: (lane) => journal.positions()[lane].receipted,
    vitalsOf: (device) => readDeviceVitals(documents, device),
  })
  const end = journal.onCommitted((records) => walkTest.committed(records))
  parts.add('walk test', () => {
    end()
    walkTest.stop()
  })
  return walkTest
}
