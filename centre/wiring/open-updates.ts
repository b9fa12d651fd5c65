// Wires the releases for the boxes: the folder that is served, the clock that asks wave after wave, and the routes.
import type { Route } from '../api/route.ts'
import { createUpdateRoutes } from '../api/villages/update-routes.ts'
import type { CommandSender } from '../commands/command-sender.ts'
import type { Storage } from '../storage/port.ts'
import { releaseFolderOf } from '../updates/release-folder.ts'
import { releaseRollout, RolloutClock } from '../updates/rollout-clock.ts'
import { RolloutFiles } from '../updates/rollout-files.ts'
import type { Villages } from '../villages/villages.ts'
import type { Base } from './base.ts'

export interface OpenUpdatesOptions {
  storage: Storage
  commands: Pick<CommandSender, 'ask'>
  villages: Pick<Villages, 'ids' | 'presenceOf'>
}

export interface OpenedUpdates {
  /** Served to the boxes under /releases/. */
  folder: string
  routes: Route[]
}

export function openUpdates(base: Base, { storage, commands, villages }: OpenUpdatesOptions): OpenedUpdates {
  const { config, logger, clock, random, registry, parts } = base
  const files = RolloutFiles.ofReleases(config.dataDir)
  const rollout = new RolloutClock({
    kind: releaseRollout,
    files,
    boxes: () => villages.ids().map((id) => ({ id, presence: villages.presenceOf(id) ?? 'unknown' })),
    commandsOf: (box, limit) => storage.commands({ box, limit }),
    ask: (command) => commands.ask(command),
    clock,
    random,
    logger: logger.child({ part: 'updates' }),
    registry,
  })
  rollout.start()
  parts.add('releases for boxes', () => rollout.stop())
  const routes = createUpdateRoutes({
    updates: () => {
      const { plan, progress } = files
      return {
        ...(plan ? { plan } : {}),
        ...(plan && progress?.version === plan.version ? { progress } : {}),
      }
    },
    hold: (isPaused) => {
      const { plan } = files
      if (plan) files.plan = { ...plan, isPaused }
      return plan
    },
  })
  return { folder: releaseFolderOf(config.dataDir), routes }
}
