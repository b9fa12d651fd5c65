// The routes of commands: send one to a box, and read its state.
import { z } from 'zod'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { roles, type Role } from '../../protocols/desk/api.ts'
import {
  commandLifeMs,
  commandRoles,
  deskCommandStates,
  type CommandAnswer,
  type CommandsAnswer,
  type DeskCommand,
} from '../../protocols/desk/commands.ts'
import {
  centreCommandResultSchema,
  commandKinds,
  commandLifeMsMax,
  commandTargets,
  neededTargets,
} from '../../protocols/uplink/command.ts'
import type { Account, Storage } from '../storage/port.ts'
import { ApiProblem } from './problems.ts'
import type { Route } from './route.ts'
import { alarmIdParams, pageMax } from './schemas.ts'

export interface CommandRouteOptions {
  storage: Pick<Storage, 'commands'>
  clock: Clock
  random: Random
  isBoxKnown: (box: string) => boolean
  /** Stores the command and sends it to the box; false when too many commands are in progress. */
  ask: (command: DeskCommand) => Promise<boolean>
}

/** Roles that may send any command. */
const askingRoles = roles.filter((role) => Object.values(commandRoles).some((some) => some.includes(role)))

export const commandBody = z.strictObject({
  do: z.enum(commandKinds),
  why: z.string().min(1).max(300).optional(),
  livesSeconds: z
    .number()
    .int()
    .min(1)
    .max(commandLifeMsMax / 1000)
    .optional()
    .describe('not executed after this time; each kind has its own default'),
  ...commandTargets,
  alarm: alarmIdParams.shape.id.optional(),
})

const commandsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(pageMax).default(100) })

const ms = z.number().describe('ms since 1970')
const { reason, reached, missed, names, snapshots } = centreCommandResultSchema.shape
export const deskCommandSchema = z.object({
  id: z.string(),
  box: z.string(),
  do: z.enum(commandKinds),
  by: z.string(),
  why: z.string().optional(),
  ...commandTargets,
  alarm: z.string().optional(),
  state: z.enum(deskCommandStates),
  askedAtMs: ms,
  expiresAtMs: ms,
  changedAtMs: ms,
  reason,
  reached,
  missed,
  names,
  snapshots,
})

function commandOf(
  body: z.infer<typeof commandBody>,
  box: string,
  by: string,
  options: CommandRouteOptions,
): DeskCommand {
  const { livesSeconds, ...wanted } = body
  const askedAtMs = Math.round(options.clock.wallMs())
  const lifeMs = livesSeconds === undefined ? commandLifeMs[body.do] : livesSeconds * 1000
  return {
    ...wanted,
    // Random, and not a counter: after an older backup was restored, a counter would use the id of another command again.
    id: `k-${options.random.hex(10)}`,
    box,
    by: by.slice(0, 80),
    state: 'waiting',
    askedAtMs,
    expiresAtMs: askedAtMs + lifeMs,
    changedAtMs: askedAtMs,
  }
}

/** Stores a command and sends it to its box; throws the reason for a refusal. */
export async function askForCommand(
  options: CommandRouteOptions,
  boxId: string,
  wanted: z.infer<typeof commandBody>,
  account: Account,
): Promise<DeskCommand> {
  if (!isAllowed(wanted.do, account.role))
    throw new ApiProblem('forbidden', commandRoles[wanted.do].join(', '))
  if (!options.isBoxKnown(boxId)) throw new ApiProblem('not-found', boxId)
  // The alarm decides in which trail the command is recorded, so it must belong to this box.
  if (wanted.alarm !== undefined && !wanted.alarm.startsWith(`${boxId}.`))
    throw new ApiProblem('bad-request', `alarm: not of ${boxId}`)
  // Checked here too, so that a person gets the answer now and not from the box, which may be offline.
  const lacking = neededTargets[wanted.do].filter((name) => wanted[name] === undefined)
  if (lacking.length > 0) throw new ApiProblem('bad-request', `${lacking.join(', ')}: needed`)
  const command = commandOf(wanted, boxId, account.user, options)
  if (!(await options.ask(command))) throw new ApiProblem('too-many-commands')
  return command
}

export function createCommandRoutes(options: CommandRouteOptions): Route[] {
  const { storage } = options
  return [
    {
      method: 'POST',
      path: '/api/v1/boxes/{boxId}/commands',
      summary: {
        zh: '向网关下达命令：按角色允许，先存后发，结果见同一路径的查询与推送',
        en: 'Send a command to a box; each kind has its roles (arm, siren, snapshot, burst: operators too). It is stored first, then sent until it is answered or expired',
      },
      access: askingRoles,
      body: commandBody,
      answer: z.object({ command: deskCommandSchema }),
      problems: ['bad-request', 'not-found', 'too-many-commands'],
      run: async ({ account, boxId, body }) => {
        if (!account) throw new ApiProblem('unauthenticated')
        const command = await askForCommand(options, boxId, body as z.infer<typeof commandBody>, account)
        return { json: { command } satisfies CommandAnswer }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/boxes/{boxId}/commands',
      summary: {
        zh: '某网关的命令及其结果',
        en: 'Commands of one box and their results, newest first',
      },
      access: roles,
      query: commandsQuery,
      answer: z.object({ commands: z.array(deskCommandSchema) }),
      problems: ['bad-request', 'not-found'],
      run: async ({ boxId, query }) => {
        const { limit } = query as z.infer<typeof commandsQuery>
        return { json: { commands: await storage.commands({ box: boxId, limit }) } satisfies CommandsAnswer }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/commands',
      scope: 'filtered',
      summary: { zh: '全部网关最近的命令', en: 'The latest commands of all boxes, newest first' },
      access: roles,
      query: commandsQuery,
      answer: z.object({ commands: z.array(deskCommandSchema) }),
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const { limit } = query as z.infer<typeof commandsQuery>
        const commands = await storage.commands({ limit, scope: account?.scope })
        return { json: { commands } satisfies CommandsAnswer }
      },
    },
  ]
}

function isAllowed(kind: DeskCommand['do'], role: Role): boolean {
  return commandRoles[kind].includes(role)
}
