// Pictures for a command of the centre: every camera is asked at once, and the result names those without one.
import type { CentreCommand } from '../../protocols/uplink/command.ts'
import type { Cameras } from '../cameras/port.ts'
import type { CommandOutcome } from './centre-command-document.ts'
import { endOf } from './centre-commands.ts'
import { commandReason } from './command-reasons.ts'
import type { Plan } from './plan-command.ts'

export async function takePictures(
  cameras: Pick<Cameras, 'take'> | undefined,
  { id, by }: CentreCommand,
  { cameras: asked, alarm }: Plan & { type: 'pictures' },
): Promise<CommandOutcome> {
  const subject = { alarm: alarm?.id, colour: alarm?.colour, command: id }
  const shots = await Promise.all(
    asked.map(async (camera) => {
      if (!cameras) return { camera, problem: 'no cameras' }
      try {
        const taken = await cameras.take(camera, by, subject)
        if (taken.ok) return { camera, snapshot: taken.snapshot.id }
        return { camera, problem: `${taken.reason.text.zh} ${taken.reason.text.en}` }
      } catch (error) {
        return { camera, problem: (error as Error).message }
      }
    }),
  )
  const taken = shots.filter(({ snapshot }) => snapshot !== undefined)
  const failed = shots.filter(({ problem }) => problem !== undefined)
  const reached = taken.map(({ camera }) => camera)
  const missed = failed.map(({ camera }) => camera)
  const [first] = failed
  return {
    ...endOf(reached, missed, []),
    ...(first ? { reason: commandReason('camera-failed', `${first.camera} ${first.problem}`) } : {}),
    reached,
    missed,
    snapshots: taken.flatMap(({ snapshot }) => snapshot ?? []),
  }
}
