// How a release goes through a town: wave after wave, and no further when one box of a wave went back, failed or fell silent. Pure: a plan,
// what came of each box so far and what is known now lead to the next state.
import { createHash } from 'node:crypto'
import type { RolloutBox, RolloutPlan, RolloutProgress, RolloutWave } from '../../protocols/desk/updates.ts'
import type { BoxPresence } from '../../protocols/desk/api.ts'
import type { DeskCommand } from '../../protocols/desk/commands.ts'

/** Boxes that fetch at the same time: the line of the centre is shared with their alarms. */
export const fetchingMax = 50
/** A command is answered or over this long after its term. */
const lostAfterMs = 3_600_000

export interface RolloutFacts {
  nowMs: number
  boxes: readonly { id: string; presence: BoxPresence }[]
  /** The commands of the boxes that are `asked`, by box. */
  commands: ReadonlyMap<string, DeskCommand>
}

export interface RolloutStep {
  progress: RolloutProgress
  /** These are asked now. */
  ask: string[]
}

export const beginRollout = ({ version }: RolloutPlan, nowMs: number): RolloutProgress => ({
  version,
  state: 'running',
  wave: 0,
  waveSinceMs: nowMs,
  boxes: {},
})

export function stepRollout(plan: RolloutPlan, before: RolloutProgress, facts: RolloutFacts): RolloutStep {
  const boxes = withResults(plan, before.boxes, facts)
  const progress = { ...before, boxes }
  if (before.state === 'stopped' || before.state === 'finished') return { progress, ask: [] }
  const presence = new Map(facts.boxes.map(({ id, presence: one }) => [id, one]))
  const fault = findFault(progress, presence)
  if (fault) return { progress: { ...progress, state: 'stopped', reason: fault }, ask: [] }
  if (plan.isPaused) return { progress: { ...progress, state: 'paused' }, ask: [] }
  const running: RolloutProgress = { ...progress, state: 'running' }
  const isLast = running.wave >= plan.waves.length - 1
  const wave = plan.waves[running.wave]
  if (!wave) return { progress: { ...running, state: 'finished' }, ask: [] }
  const members = membersOf(plan.version, wave, facts.boxes)
  const left = members.filter((id) => !boxes[id])
  const open = Object.values(boxes).filter(({ state }) => state === 'asked').length
  const ask = left.filter((id) => presence.get(id) === 'present').slice(0, Math.max(0, fetchingMax - open))
  if (ask.length > 0 || open > 0) return { progress: running, ask }
  // Boxes that are away hold no wave up; the last wave waits for them.
  if (isLast) return { progress: left.length > 0 ? running : { ...running, state: 'finished' }, ask: [] }
  const sinceMs = Math.max(running.waveSinceMs, ...Object.values(boxes).map(({ atMs }) => atMs))
  if (facts.nowMs - sinceMs < plan.restHours * 3_600_000) return { progress: running, ask: [] }
  return { progress: { ...running, wave: running.wave + 1, waveSinceMs: facts.nowMs }, ask: [] }
}

/** The boxes of a wave; a share takes the same boxes each time, and others for another version. */
export function membersOf(version: string, wave: RolloutWave, boxes: readonly { id: string }[]): string[] {
  if ('boxes' in wave)
    return boxes.map(({ id }) => id).filter((id) => wave.boxes.some((one) => id === one || isBelow(id, one)))
  const order = (id: string): string => createHash('sha256').update(`${version}\n${id}`).digest('hex')
  const drawn = boxes.map(({ id }) => [order(id), id] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  return drawn.slice(0, Math.ceil((boxes.length * wave.percent) / 100)).map(([, id]) => id)
}

/** A division code, or the start of a name up to a dash, stands for every box below it. */
const isBelow = (id: string, group: string): boolean =>
  id.startsWith(`${group}-`) || (/^\d{6,12}$/.test(group) && id.startsWith(group))

function withResults(
  { termHours }: RolloutPlan,
  boxes: RolloutProgress['boxes'],
  { commands, nowMs }: RolloutFacts,
): RolloutProgress['boxes'] {
  // Noted, and never stored as a command: the power was cut between the two.
  const isLost = (box: RolloutBox): boolean => nowMs - box.atMs > termHours * 3_600_000 + lostAfterMs
  return Object.fromEntries(
    Object.entries(boxes).map(([id, box]) => {
      const command = commands.get(id)
      const next = command ? stateOf(command) : isLost(box) ? 'missing' : 'asked'
      const state = box.state === 'asked' ? next : box.state
      if (state === box.state) return [id, box]
      const { reason } = command ?? {}
      return [
        id,
        { ...box, state, atMs: nowMs, ...(reason ? { reason: { zh: reason.zh, en: reason.en } } : {}) },
      ]
    }),
  )
}

function stateOf({ state, reason }: DeskCommand): RolloutBox['state'] {
  switch (state) {
    case 'done':
      return 'done'
    case 'refused':
      return 'refused'
    case 'failed':
      // A release that did not prove itself, or a setting with which the centre was not reached.
      return reason?.code === 'went-back' || reason?.code === 'config-taken-back' ? 'went-back' : 'failed'
    case 'expired':
    case 'unanswered':
      return 'missing'
    case 'waiting':
    case 'sent':
    case 'received':
      return 'asked'
  }
}

/** A box that refused has kept its version: that is for a person to look at, and no danger for the others. */
function findFault(
  { boxes, wave }: RolloutProgress,
  presence: ReadonlyMap<string, BoxPresence>,
): RolloutProgress['reason'] | undefined {
  for (const [box, { state, wave: of }] of Object.entries(boxes)) {
    if (state === 'went-back' || state === 'failed' || state === 'missing') return { box, what: state }
    if (state === 'done' && of === wave && presence.get(box) === 'silent') return { box, what: 'silent' }
  }
  return undefined
}
