// Wires the fleet: the health of all boxes, work orders with photos, support bundles, and settings that go through the town in waves.
import { join } from 'node:path'
import { filesFolderOf } from '../../config/files-folder.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import { createFleetRoutes } from '../../api/fleet/fleet-routes.ts'
import { createHandoverRoutes } from '../../api/fleet/handover-routes.ts'
import { createSettingRoutes } from '../../api/fleet/setting-routes.ts'
import { createWorkRoutes } from '../../api/fleet/work-routes.ts'
import type { Route } from '../../api/route.ts'
import type { CommandSender } from '../../commands/command-sender.ts'
import { BundleFolder } from '../../fleet/bundle-folder.ts'
import { Fleet } from '../../fleet/fleet.ts'
import { faultsOf, type FleetBox } from '../../fleet/fleet-view.ts'
import { WorkPhotos } from '../../fleet/work-photos.ts'
import type { Storage } from '../../storage/port.ts'
import { RolloutClock, settingRollout } from '../../updates/rollout-clock.ts'
import { RolloutFiles } from '../../updates/rollout-files.ts'
import { PlanFolder } from '../../fleet/plan-folder.ts'
import type { Villages } from '../../villages/villages.ts'
import type { Base } from '../base.ts'

export interface OpenedFleet {
  fleet: Fleet
  bundles: BundleFolder
  handovers: BundleFolder
  plans: PlanFolder
  boxes: () => FleetBox[]
}

export async function openFleet(base: Base, storage: Storage, villages: Villages): Promise<OpenedFleet> {
  const { config, clock, registry, parts } = base
  const boxes = (): FleetBox[] =>
    villages.ids().map((id): FleetBox => {
      const { name, presence, lastHeardAtMs, clock: quality } = villages.summaryOf(id)
      return {
        id,
        name,
        presence,
        lastHeardAtMs,
        isClockSynced: quality === undefined ? undefined : quality !== 'unsynced',
        clockOffsetMs: fleet.offsetOf(id),
        vitals: fleet.of(id)?.vitals,
      }
    })
  const fleet: Fleet = new Fleet({
    storage,
    clock,
    logger: base.logger.child({ part: 'fleet' }),
    registry,
    failing: () => {
      const nowMs = clock.wallMs()
      return boxes().filter((box) => faultsOf(box, nowMs).some(({ grade }) => grade === 'act')).length
    },
  })
  await fleet.start()
  parts.add('health of the fleet', () => fleet.stop())
  const folder = (name: string): string => join(filesFolderOf(config), name)
  return {
    fleet,
    boxes,
    bundles: new BundleFolder(folder('support')),
    handovers: new BundleFolder(folder('handovers'), 'json.gz'),
    plans: new PlanFolder(folder('village-plans')),
  }
}

export interface FleetRouteParts {
  storage: Storage
  villages: Villages
  commands: Pick<CommandSender, 'ask'>
  securityLog: SecurityLog
}

export function openFleetRoutes(
  base: Base,
  { fleet, boxes, bundles, handovers }: OpenedFleet,
  { storage, villages, commands, securityLog }: FleetRouteParts,
): Route[] {
  const { config, clock } = base
  const names = new Map(config.divisions.map(({ code, name }) => [code, name]))
  const photos = new WorkPhotos(join(filesFolderOf(config), 'work-photos'))
  return [
    ...createFleetRoutes({
      storage,
      clock,
      securityLog,
      boxes,
      vitalsAtMs: (box) => fleet.of(box)?.atMs,
      names,
      bundles,
    }),
    ...createHandoverRoutes({ handovers, securityLog }),
    ...createWorkRoutes({ storage, clock, boxes, photos }),
    ...openSettings(base, { storage, villages, commands }),
  ]
}

function openSettings(
  base: Base,
  { storage, villages, commands }: Omit<FleetRouteParts, 'securityLog'>,
): Route[] {
  const { config, clock, random, registry, parts } = base
  const files = RolloutFiles.ofSettings(config.dataDir)
  const rollout = new RolloutClock({
    kind: settingRollout,
    files,
    boxes: () => villages.ids().map((id) => ({ id, presence: villages.presenceOf(id) ?? 'unknown' })),
    commandsOf: (box, limit) => storage.commands({ box, limit }),
    ask: (command) => commands.ask(command),
    clock,
    random,
    logger: base.logger.child({ part: 'settings' }),
    registry,
  })
  rollout.start()
  parts.add('settings for boxes', () => rollout.stop())
  const progressOfPlan = () => {
    const { plan, progress } = files
    return plan && progress?.version === plan.version ? progress : undefined
  }
  return createSettingRoutes({
    state: () => {
      const { plan } = files
      const progress = progressOfPlan()
      return { ...(plan ? { plan } : {}), ...(progress ? { progress } : {}) }
    },
    begin: (setting, by) => {
      const state = progressOfPlan()?.state
      if (files.plan && (state === undefined || state === 'running' || state === 'paused')) return false
      files.plan = {
        ...setting,
        version: `0.0.0-setting.${random.hex(8)}`,
        by: by.slice(0, 80),
        startedAtMs: Math.round(clock.wallMs()),
        isPaused: false,
      }
      return true
    },
    hold: (isPaused) => {
      const { plan } = files
      if (!plan) return false
      files.plan = { ...plan, isPaused }
      return true
    },
  })
}
