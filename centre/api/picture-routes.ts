// The API's routes about pictures: the list, the bytes of one, and the log of who viewed them. A view is stored before a picture
// is handed out; if that fails, the picture is not handed out.
import type { z } from 'zod'
import {
  answeringRoles,
  overseeingRoles,
  type DeskPicture,
  type DeskPictureFile,
  type LooksAnswer,
  type PicturesAnswer,
} from '../../protocols/desk/api.ts'
import { isInScope } from '../../protocols/desk/scope.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { SecurityLog } from '../accounts/security-log.ts'
import type { Storage } from '../storage/port.ts'
import { ApiProblem } from './problems.ts'
import * as schemas from './picture-schemas.ts'
import type { Route } from './route.ts'

export interface PictureRouteOptions {
  storage: Pick<Storage, 'picturesOfAlarm' | 'picturesOfBox' | 'findPicture' | 'noteLook' | 'looks'>
  clock: Clock
  securityLog: SecurityLog
  /** Stored bytes of a picture whose transfer is not complete. */
  progress: (box: string, sha256: string) => Promise<number>
  /** The bytes, or undefined when the file is missing or damaged: it is then marked. */
  read: (box: string, sha256: string) => Promise<Uint8Array | undefined>
}

export function createPictureRoutes(options: PictureRouteOptions): Route[] {
  return [...createListRoutes(options), createPictureRoute(options), createLooksRoute(options)]
}

function createListRoutes({ storage, progress }: PictureRouteOptions): Route[] {
  async function withProgress(box: string, file: DeskPictureFile): Promise<DeskPictureFile> {
    if (file.state !== 'taken') return file
    const storedTo = await progress(box, file.sha256)
    if (storedTo === 0) return file
    return { ...file, state: 'on-the-way', percent: Math.min(99, Math.floor((storedTo / file.bytes) * 100)) }
  }

  async function answer(pictures: readonly DeskPicture[]): Promise<{ json: PicturesAnswer }> {
    const inOrder = pictures.toReversed()
    const shown = inOrder.map(async (picture) => {
      const [preview, full] = await Promise.all([
        withProgress(picture.box, picture.preview),
        withProgress(picture.box, picture.full),
      ])
      return { ...picture, preview, full }
    })
    return { json: { pictures: await Promise.all(shown) } }
  }

  return [
    {
      method: 'GET',
      path: '/api/v1/alarms/{id}/pictures',
      summary: {
        zh: '报警的抓拍',
        en: 'The newest pictures of an alarm, in the order in which they were taken',
      },
      access: answeringRoles,
      query: schemas.picturesQuery,
      answer: schemas.picturesAnswer,
      problems: ['bad-request'],
      run: async ({ id, query }) => {
        const { limit } = query as z.infer<typeof schemas.picturesQuery>
        return answer(await storage.picturesOfAlarm(id, limit))
      },
    },
    {
      method: 'GET',
      path: '/api/v1/boxes/{boxId}/pictures',
      summary: { zh: '网关的抓拍', en: 'The newest pictures of a box, with and without an alarm' },
      access: answeringRoles,
      query: schemas.picturesQuery,
      answer: schemas.picturesAnswer,
      problems: ['bad-request'],
      run: async ({ boxId, query }) => {
        const { limit } = query as z.infer<typeof schemas.picturesQuery>
        return answer(await storage.picturesOfBox(boxId, limit))
      },
    },
  ]
}

function createPictureRoute({ storage, clock, securityLog, read }: PictureRouteOptions): Route {
  return {
    method: 'GET',
    path: '/api/v1/pictures/{sha256}',
    scope: 'filtered',
    summary: {
      zh: '查看一张抓拍（查看会被记录）',
      en: 'One picture, preview or full size; the look is logged',
    },
    access: answeringRoles,
    answer: 'jpeg',
    problems: ['not-found'],
    query: schemas.pictureQuery,
    run: async ({ account, sha256, query, address }) => {
      if (!account) throw new ApiProblem('not-found')
      const { box } = query as z.infer<typeof schemas.pictureQuery>
      const holders = (await storage.findPicture(sha256, box)).filter(
        ({ box: of, uses }) => uses.length > 0 && isInScope(account.scope, of),
      )
      const [first] = holders
      if (!first) throw new ApiProblem('not-found')
      const { user: who, role } = account
      // Read in the meantime, handed out only once the view is on disk: logged for the requested box, or else for
      // each box that has these bytes, since several may have them.
      const noted = holders.map(({ box: of, uses: [use] }) =>
        storage.noteLook({
          atMs: clock.wallMs(),
          who,
          role,
          box: of,
          camera: use?.camera ?? '',
          alarm: use?.alarm,
          sha256,
          size: use?.preview.sha256 === sha256 ? 'preview' : 'full',
        }),
      )
      const [jpeg] = await Promise.all([read(first.box, sha256), ...noted])
      if (!jpeg) throw new ApiProblem('not-found')
      for (const { box: of, uses } of holders)
        securityLog.note('look', who, address, `${of} ${uses[0]?.camera ?? ''}`)
      return { jpeg, name: sha256 }
    },
  }
}

function createLooksRoute({ storage }: PictureRouteOptions): Route {
  return {
    method: 'GET',
    path: '/api/v1/looks',
    scope: 'filtered',
    summary: { zh: '谁看过哪张抓拍', en: 'Who was handed which picture, newest first' },
    access: overseeingRoles,
    query: schemas.looksQuery,
    answer: schemas.looksAnswer,
    problems: ['bad-request'],
    run: async ({ query, account: by }) => {
      const { alarm, before, limit } = query as z.infer<typeof schemas.looksQuery>
      const rows = await storage.looks({ alarm, before, limit: limit + 1, scope: by?.scope })
      const page = rows.slice(0, limit)
      const looks = page.map(({ atMs, who, role, box, camera, alarm: shown, sha256, size }) => ({
        atMs,
        who,
        role,
        box,
        camera,
        ...(shown === null ? {} : { alarm: shown }),
        sha256,
        size,
      }))
      const last = page.at(-1)
      const json: LooksAnswer =
        rows.length > limit && last ? { looks, next: String(last.position) } : { looks }
      return { json }
    },
  }
}
