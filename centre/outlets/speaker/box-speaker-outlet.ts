// The village's own loudspeakers and signs: one command to each box of the village, whose answer names every device that was reached and
// every one that was not.
import { publicWords } from '../../../platform/outlets/words.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import type { Outlet, OutletAnswer } from '../../../platform/outlets/port.ts'
import type { DeskCommand } from '../../../protocols/desk/commands.ts'
import { bulletinCharsMax } from '../../../protocols/uplink/command.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { BoxSpeakerSettings } from '../../config/outlets/box-speaker-settings.ts'

/** Between two looks at the answers. */
const lookMs = 300

/** Boxes and their commands. */
export interface BoxCommands {
  boxesOf: (village: string) => readonly string[]
  /** False when too many are in progress. On disk when it resolves. */
  ask: (command: DeskCommand) => Promise<boolean>
  find: (box: string, id: string) => Promise<DeskCommand | undefined>
}

export interface BoxSpeakerOptions {
  settings: BoxSpeakerSettings
  clock: Clock
  /** Absent on the command line. */
  commands: BoxCommands | undefined
}

export function createBoxSpeakerOutlet({ settings, clock, commands }: BoxSpeakerOptions): Outlet {
  const commandOf = (message: OutletMessage, box: string, at: number): DeskCommand => {
    const atMs = Math.round(clock.wallMs())
    const { zone, place } = message
    const only = settings.zoneOnly ? (zone ?? place?.zone) : undefined
    return {
      // The same at every attempt: what was asked is not asked again.
      id: `${message.id}-${at}`,
      box,
      do: 'bulletin',
      by: settings.name,
      why: message.case,
      text: publicWords(message, settings.language).slice(0, bulletinCharsMax),
      seconds: settings.seconds,
      ...(only === undefined ? {} : { zone: only }),
      state: 'waiting',
      askedAtMs: atMs,
      changedAtMs: atMs,
      // From when the message was made: an attempt that comes late says nothing late.
      expiresAtMs: message.atMs + settings.livesSeconds * 1000,
    }
  }
  const boxesOf = ({ village }: OutletMessage): readonly string[] => commands?.boxesOf(village) ?? []
  return {
    preview: (messages) =>
      messages
        .flatMap((message) => {
          const boxes = boxesOf(message)
          const named = boxes.length === 0 ? [`(no box of ${message.village})`] : boxes
          return named.map((box, at) => {
            const { do: what, text, seconds, zone } = commandOf(message, box, at)
            return `${box} ${JSON.stringify({ do: what, text, seconds, zone })}`
          })
        })
        .join('\n'),
    send: async ([message], signal) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      const boxes = boxesOf(message)
      if (!commands || boxes.length === 0)
        return { state: 'refused', words: `no box of ${message.village} is known here`, isFinal: true }
      const outcomes = await Promise.all(
        boxes.map((box, at) => outcomeOf(commands, commandOf(message, box, at), clock, signal)),
      )
      return judge(outcomes)
    },
  }
}

const isFinal = ({ state }: DeskCommand): boolean =>
  !['waiting', 'sent', 'received', 'unanswered'].includes(state)

/** The command when it is final, or as it is when `signal` aborts; undefined: there is no room for it now. */
async function outcomeOf(
  commands: BoxCommands,
  command: DeskCommand,
  clock: Clock,
  signal: AbortSignal,
): Promise<DeskCommand | undefined> {
  let found = await commands.find(command.box, command.id)
  if (!found && clock.wallMs() >= command.expiresAtMs) return { ...command, state: 'expired' }
  if (!found && !(await commands.ask(command))) return undefined
  for (;;) {
    found = await commands.find(command.box, command.id)
    if (!found || isFinal(found) || signal.aborted) return found ?? command
    await new Promise<void>((resolve) => clock.after(lookMs, resolve))
  }
}

function judge(outcomes: readonly (DeskCommand | undefined)[]): OutletAnswer {
  const words = outcomes.map((one) => (one ? wordsOf(one) : 'too many commands are in progress')).join('; ')
  const known = outcomes.flatMap((one) => one ?? [])
  if (known.some(({ state, reached = [] }) => state === 'done' && reached.length > 0))
    return { state: 'confirmed', words }
  const areAllFinal = known.length === outcomes.length && known.every(isFinal)
  return { state: 'refused', words, ...(areAllFinal ? { isFinal: true } : {}) }
}

/** `upper-brook done: horn-1, sign-2; not sign-3`. */
function wordsOf({ box, state, reached = [], missed = [], reason }: DeskCommand): string {
  const why = reason === undefined ? '' : ` ${reason.en}`
  const devices = reached.length === 0 ? '' : `: ${reached.join(', ')}`
  const not = missed.length === 0 ? '' : `; not ${missed.join(', ')}`
  return `${box} ${state}${why}${devices}${not}`
}
