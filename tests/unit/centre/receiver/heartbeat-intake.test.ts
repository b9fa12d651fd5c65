// Does a box that has no time hear the centre's with every heartbeat, once the centre's clock is kept?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { Downlink } from '../../../../centre/receiver/downlink.ts'
import { HeartbeatIntake } from '../../../../centre/receiver/heartbeat-intake.ts'
import { ReceiverCore } from '../../../../centre/receiver/receiver-core.ts'
import type { ClockQuality } from '../../../../protocols/domain/event.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { encodeJson, parseReceipt } from '../../../../protocols/uplink/codec.ts'

it('sends one to an unsynced box with each heartbeat while its clock is kept, and says when it is not', () => {
  const core = new ReceiverCore()
  const state = { isKept: false }
  const isClockKept = () => state.isKept
  const sent: (boolean | undefined)[] = []
  const downlink = new Downlink({ core, wallMs: () => 5, isClockKept })
  downlink.attach({
    canReach: () => true,
    publish: (_box, _channel, payload) => {
      const receipt = parseReceipt(payload)
      if (receipt.ok) sent.push(receipt.value.isClockKept)
      return true
    },
  })
  const heartbeats = new HeartbeatIntake({
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    clock: new VirtualClock(),
    core,
    onLost: () => undefined,
    onHeard: () => undefined,
    sendReceipt: (box, epoch) => downlink.sendReceipt(box, epoch),
    isClockKept,
  })
  const beat = (clock: ClockQuality): void => {
    const time = { boot: 1, sinceBootMs: 1, atMs: 1, clock, uptimeMs: 1 }
    heartbeats.take('box-1', encodeJson({ v: 1, epoch: 'k3j9x0a1', lanes: {}, ...time }))
  }
  heartbeats.subscribed('box-1')
  beat('unsynced')
  expect(sent).toEqual([false])
  beat('unsynced')
  expect(sent).toEqual([false])
  state.isKept = true
  beat('unsynced')
  beat('unsynced')
  expect(sent).toEqual([false, undefined, undefined])
  beat('synced')
  expect(sent).toHaveLength(3)
})
