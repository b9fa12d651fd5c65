// The routes of bulletins: a text for the loudspeakers and signs of chosen villages, and its result at each device.
import { z } from 'zod'
import { commandLifeMs, commandRoles, type DeskCommand } from '../../../protocols/desk/commands.ts'
import {
  bulletinCharsMax,
  bulletinSecondsMax,
  bulletinVillagesMax,
  receiptStates,
  type Bulletin,
  type BulletinAnswer,
  type BulletinsAnswer,
} from '../../../protocols/desk/villages/bulletins.ts'
import { roles } from '../../../protocols/desk/api.ts'
import { deskCommandStates } from '../../../protocols/desk/commands.ts'
import { isInScope } from '../../../protocols/desk/scope.ts'
import { isBoxId, villageOf } from '../../../protocols/domain/names.ts'
import { commandLifeMsMax } from '../../../protocols/uplink/command.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { NewBulletin } from '../../storage/village-port.ts'
import type { Storage, StoredChange } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'

export interface BulletinRouteOptions {
  storage: Pick<Storage, 'askBulletin' | 'bulletins' | 'bulletin'>
  clock: Clock
  random: Random
  /** Every box that is listed. */
  boxes: () => readonly string[]
  nameOf: (box: string) => string
  hasRoomFor: (commands: number) => boolean
  /** Sends commands that are stored. */
  adopt: (commands: readonly DeskCommand[]) => void
  push: (changes: readonly StoredChange[]) => void
}

export const villageId = z
  .string()
  .refine((text) => isBoxId(text) && villageOf(text) === text, 'the id of a village')

const bulletinBody = z.strictObject({
  text: z.string().trim().min(1).max(bulletinCharsMax),
  villages: z.array(villageId).min(1).max(bulletinVillagesMax),
  seconds: z.number().int().min(1).max(bulletinSecondsMax).default(bulletinSecondsMax),
  livesSeconds: z
    .number()
    .int()
    .min(1)
    .max(commandLifeMsMax / 1000)
    .optional()
    .describe('not said after this; 15 minutes by default'),
  why: z.string().min(1).max(300).optional(),
})

const bulletinsQuery = z.strictObject({
  after: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(50).default(20),
})

const ms = z.number().describe('ms since 1970')
const bulletinSchema = z.object({
  id: z.string(),
  text: z.string(),
  villages: z.array(z.string()),
  by: z.string(),
  why: z.string().optional(),
  seconds: z.number(),
  atMs: ms,
  expiresAtMs: ms,
  alarm: z.string().optional(),
  isDrill: z.boolean().optional(),
  boxes: z.array(
    z.object({
      box: z.string(),
      name: z.string(),
      command: z.string(),
      state: z.enum(deskCommandStates),
      changedAtMs: ms,
      reason: z.object({ code: z.string(), zh: z.string(), en: z.string() }).optional(),
      devices: z.array(
        z.object({ device: z.string(), name: z.string().optional(), state: z.enum(receiptStates) }),
      ),
    }),
  ),
})

export function createBulletinRoutes(options: BulletinRouteOptions): Route[] {
  return [askingRoute(options), ...readingRoutes(options)]
}

/** Named boxes; villages and boxes outside the scope are left out. */
function shown(bulletin: Bulletin, call: RouteCall, { nameOf }: BulletinRouteOptions): Bulletin {
  const { scope } = call.account ?? {}
  return {
    ...bulletin,
    villages: bulletin.villages.filter((village) => isInScope(scope, village)),
    boxes: bulletin.boxes
      .filter(({ box }) => isInScope(scope, box))
      .map((one) => ({ ...one, name: nameOf(one.box) })),
  }
}

function askingRoute(options: BulletinRouteOptions): Route {
  const { storage, clock, random } = options
  return {
    method: 'POST',
    path: '/api/v1/bulletins',
    scope: 'filtered',
    summary: {
      zh: '向所选村的喇叭和显示屏发通知；每台设备的回执见查询',
      en: 'Say a text at the loudspeakers and signs of chosen villages; a receipt per device follows',
    },
    access: commandRoles.bulletin,
    body: bulletinBody,
    answer: z.object({ bulletin: bulletinSchema }),
    problems: ['bad-request', 'not-found', 'too-many-commands'],
    run: async (call) => {
      const { account } = call
      if (!account) throw new ApiProblem('unauthenticated')
      const { text, villages, seconds, livesSeconds, why } = call.body as z.infer<typeof bulletinBody>
      const wanted = [...new Set(villages)]
      const known = options.boxes()
      for (const village of wanted)
        if (!isInScope(account.scope, village) || !known.some((box) => villageOf(box) === village))
          throw new ApiProblem('not-found', village)
      const boxes = known.filter((box) => wanted.includes(villageOf(box)))
      if (!options.hasRoomFor(boxes.length)) throw new ApiProblem('too-many-commands')
      const atMs = Math.round(clock.wallMs())
      const lifeMs = livesSeconds === undefined ? commandLifeMs.bulletin : livesSeconds * 1000
      const by = account.user.slice(0, 80)
      const common = { by, text, seconds, ...(why === undefined ? {} : { why }), expiresAtMs: atMs + lifeMs }
      const bulletin: NewBulletin = { id: `bulletin-${random.hex(8)}`, ...common, villages: wanted, atMs }
      const commands = boxes.map((box): DeskCommand => ({
        id: `k-${random.hex(10)}`,
        box,
        do: 'bulletin',
        ...common,
        state: 'waiting',
        askedAtMs: atMs,
        changedAtMs: atMs,
      }))
      const changes = await storage.askBulletin(bulletin, commands)
      options.adopt(commands)
      options.push(changes)
      const stored = await storage.bulletin(bulletin.id)
      const json: BulletinAnswer = { bulletin: shown(stored ?? { ...bulletin, boxes: [] }, call, options) }
      return { json }
    },
  }
}

function readingRoutes(options: BulletinRouteOptions): Route[] {
  const { storage } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/bulletins',
      scope: 'filtered',
      summary: { zh: '通知及其回执，新的在前', en: 'Bulletins with their receipts, newest first' },
      access: roles,
      query: bulletinsQuery,
      answer: z.object({ bulletins: z.array(bulletinSchema), next: z.string().optional() }),
      problems: ['bad-request', 'bad-cursor'],
      run: async (call) => {
        const query = call.query as z.infer<typeof bulletinsQuery>
        const page = await storage.bulletins({ ...query, scope: call.account?.scope })
        if (!page) throw new ApiProblem('bad-cursor')
        const bulletins = page.bulletins.map((one) => shown(one, call, options))
        return { json: { ...page, bulletins } satisfies BulletinsAnswer }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/bulletins/{bulletinId}',
      scope: 'filtered',
      summary: { zh: '一条通知及其回执', en: 'One bulletin with its receipts' },
      access: roles,
      answer: z.object({ bulletin: bulletinSchema }),
      problems: ['not-found'],
      run: async (call) => {
        const found = await storage.bulletin(call.path['bulletinId'] ?? '')
        const bulletin = found && shown(found, call, options)
        if (!bulletin || bulletin.villages.length === 0) throw new ApiProblem('not-found')
        return { json: { bulletin } satisfies BulletinAnswer }
      },
    },
  ]
}
