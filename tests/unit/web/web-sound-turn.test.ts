// Question: does one tab of several sound, another one at once when it is closed, and always at least one?
import { expect, test } from 'vitest'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import {
  goneAfterMs,
  sayEveryMs,
  SoundTurn,
  waitForOlderMs,
  type SoundChannel,
  type SoundMessage,
} from '../../../web/desk/sound/sound-turn.ts'

class Tabs {
  readonly clock = new VirtualClock()
  readonly #listeners = new Map<string, (news: SoundMessage) => void>()
  readonly silenced: string[] = []
  /** Messages of a frozen tab are lost. */
  readonly frozen = new Set<string>()

  open(id: string, hasChannel = true): SoundTurn {
    const channel: SoundChannel = {
      say: (news) => {
        if (this.frozen.has(id)) return
        for (const [other, hear] of this.#listeners) if (other !== id) hear(news)
      },
      hear: (listener) => this.#listeners.set(id, listener),
    }
    const turn = new SoundTurn({
      clock: this.clock,
      id,
      channel: hasChannel ? channel : undefined,
      onChange: () => undefined,
      onSilenced: (sound) => this.silenced.push(`${id} ${sound}`),
    })
    turn.start()
    return turn
  }
}

const playing = (turns: readonly SoundTurn[]): boolean[] => turns.map(({ mayPlay }) => mayPlay)

test('plays in one tab when all hear of a red at the same moment, and the younger ones have not begun', () => {
  const tabs = new Tabs()
  const turns = ['1', '2', '3'].map((id) => tabs.open(id))
  tabs.clock.advance(sayEveryMs)
  for (const turn of [...turns].reverse()) {
    turn.want('red')
    expect(turn.mayPlay).toBe(turn === turns[0])
  }
  tabs.clock.advance(10 * sayEveryMs)
  expect(playing(turns)).toEqual([true, false, false])
})

test('plays in the younger tab when the older one can not be heard, or has nothing to sound', () => {
  const tabs = new Tabs()
  const [older, younger] = [tabs.open('1'), tabs.open('2')]
  tabs.clock.advance(sayEveryMs)
  younger.want('red')
  tabs.clock.advance(waitForOlderMs)
  expect(playing([older, younger])).toEqual([false, true])
})

test('takes over at once from a tab that closes, and after three seconds from one that froze', () => {
  const tabs = new Tabs()
  const [older, younger] = [tabs.open('1'), tabs.open('2')]
  for (const turn of [older, younger]) turn.want('red')
  tabs.clock.advance(sayEveryMs)
  tabs.frozen.add('1')
  tabs.clock.advance(goneAfterMs + sayEveryMs)
  expect(younger.mayPlay).toBe(true)
  tabs.frozen.delete('1')
  tabs.clock.advance(2 * sayEveryMs)
  expect(playing([older, younger])).toEqual([true, false])
  older.leave()
  expect(younger.mayPlay).toBe(true)
})

test('lets what is more urgent sound: a red in one tab is not kept quiet by a blind one', () => {
  const tabs = new Tabs()
  const [blind, seeing] = [tabs.open('1'), tabs.open('2')]
  blind.want('blind')
  tabs.clock.advance(sayEveryMs)
  seeing.want('red')
  tabs.clock.advance(waitForOlderMs + sayEveryMs)
  expect(playing([blind, seeing])).toEqual([false, true])
  seeing.want(undefined)
  expect(playing([blind, seeing])).toEqual([true, false])
})

test('makes the other tabs quiet with it, and sounds alone in a browser without a channel', () => {
  const tabs = new Tabs()
  const first = tabs.open('1')
  tabs.open('2')
  first.silence('red')
  expect(tabs.silenced).toEqual(['2 red'])
  const alone = [tabs.open('3', false), tabs.open('4', false)]
  for (const turn of alone) turn.want('red')
  expect(playing(alone)).toEqual([true, true])
})
