// The route of a receiver outside that opens its link: one picture, once. The look is stored before the picture is handed out.
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'

const tryAgainSeconds = 20
/** For a person who opens the link in a browser; a program gets the same as a refusal. */
const noPictureYet = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${tryAgainSeconds}"><title>尚无图片 No picture yet</title>
<h1>尚无图片</h1><p>图片到达后将自动显示，链接未被用掉。</p>
<h1>No picture yet</h1><p>It is shown here as soon as it has arrived. The link is not used up.</p>
`
const used = { zh: '链接已打开过一次', en: 'this link was opened once' }

/** One picture of one alarm, for one receiver. */
interface LinkFacts {
  outlet: string
  alarm: string
}

/** What the route needs of the links; a link that is taken is used, unless it is put back. */
export interface LinkCalls<Link extends LinkFacts> {
  take: (token: string) => Link | 'no-link' | 'link-used' | 'link-expired'
  putBack: (link: Link) => void
  pictureOf: (link: Link) => Promise<{ box: string; camera: string; sha256: string } | undefined>
}

export interface PictureLinkRouteOptions<Link extends LinkFacts> {
  links: LinkCalls<Link>
  storage: Pick<Storage, 'findPicture' | 'noteLook'>
  clock: Clock
  securityLog: Pick<SecurityLog, 'note'>
  /** The bytes, or undefined when they are not here. */
  read: (box: string, sha256: string) => Promise<Uint8Array | undefined>
}

export function createPictureLinkRoutes<Link extends LinkFacts>(
  options: PictureLinkRouteOptions<Link>,
): Route[] {
  const { links, storage, clock, securityLog, read } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/picture-links/{token}',
      scope: 'none',
      summary: {
        zh: '凭一次性链接查看一张抓拍（查看会被记录）',
        en: 'One picture by a link that opens once; the look is logged',
      },
      access: 'open',
      answer: 'jpeg',
      problems: ['no-link', 'link-used', 'link-expired', 'no-picture-yet'],
      run: async ({ path, address, header }) => {
        const link = links.take(path['token'] ?? '')
        if (link === 'link-used') throw new ApiProblem(link, used)
        if (typeof link === 'string') throw new ApiProblem(link)
        const { outlet, alarm } = link
        const who = `link:${outlet}`
        let isHandedOut = false
        try {
          const picture = await links.pictureOf(link)
          const { box = '', camera = '', sha256 = '' } = picture ?? {}
          // Not yet arrived is not lost: only a stored file is read.
          const isHere =
            picture && (await storage.findPicture(sha256, box)).some(({ uses }) => uses.length > 0)
          const jpeg = isHere ? await read(box, sha256) : undefined
          if (!jpeg && header('accept')?.includes('text/html'))
            return { page: noPictureYet, type: 'text/html' }
          if (!jpeg) throw new ApiProblem('no-picture-yet')
          const look = { atMs: clock.wallMs(), who, role: 'operator' as const, box, camera, alarm, sha256 }
          await storage.noteLook({ ...look, size: 'preview' })
          isHandedOut = true
          securityLog.note('look', who, address, `${box} ${camera} ${alarm}`)
          return { jpeg, name: sha256 }
        } finally {
          if (!isHandedOut) links.putBack(link)
        }
      },
    },
  ]
}
