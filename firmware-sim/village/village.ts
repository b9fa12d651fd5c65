// A village of simulated devices from one seed: started and stopped together, pressed by tests, counted.
import { createSystemClock, type Clock } from '../../protocols/kit/clock.ts'
import { Battery } from '../devices/battery.ts'
import type { Credential } from '../links/credentials.ts'
import { Device, type DeviceHooks } from '../devices/device.ts'
import { Actor } from '../devices/actor.ts'
import { AlarmButton, type ButtonPress } from '../devices/alarm-button.ts'
import { DoorSensor } from '../devices/door-sensor.ts'
import { LevelCurve } from '../devices/level-curve.ts'
import { WaterMonitor } from '../devices/water-monitor.ts'
import type { BackOff } from '../links/link.ts'
import { createPopulation, randomFor, type VillageMember } from './population.ts'
import { VillageCounters, type VillageStatistics } from './village-counters.ts'

/** How often the load checks how many events are due. */
export const loadTickMs = 10

export type VillageDevice = AlarmButton | DoorSensor | WaterMonitor | Actor

export interface VillageOptions extends DeviceHooks {
  seed: number
  /** The number of devices, or their exact list. */
  devices: number | readonly VillageMember[]
  url: string
  clock?: Clock | undefined
  credential?: ((device: string) => Credential) | undefined
  /** Mean time between a device's routine reports; 60 s when not given, 0 for none. */
  reportIntervalMs?: number | undefined
  /** Boot count of each device at the start. Give a higher one for each run against the same gateway. */
  firstBoot?: number | undefined
  sleepyShare?: number | undefined
  keepaliveSeconds?: number | undefined
  inFlightMax?: number | undefined
  queueEventsMax?: number | undefined
  backOff?: BackOff | undefined
  /** False saves memory in long loads. */
  remembersIds?: boolean | undefined
}

export class Village {
  readonly inhabitants: readonly VillageMember[]
  readonly tally: VillageCounters
  readonly clock: Clock
  #members = new Map<string, VillageDevice>()
  #list: VillageDevice[] = []
  #cancelLoad: (() => void) | undefined
  #refill = false

  constructor(options: VillageOptions) {
    const { devices, seed, sleepyShare } = options
    this.clock = options.clock ?? createSystemClock()
    this.tally = new VillageCounters(options.remembersIds ?? true)
    this.inhabitants = typeof devices === 'number' ? createPopulation(devices, seed, sleepyShare) : devices
    for (const inhabitant of this.inhabitants) {
      const member = createMember(inhabitant, options, this.clock, this.#hooks(options))
      this.#members.set(inhabitant.id, member)
      this.#list.push(member)
    }
  }

  get members(): readonly VillageDevice[] {
    return this.#list
  }

  start(): void {
    for (const { device } of this.#list) device.start()
  }

  /** Every device disconnects; its waiting events stay in flash. */
  stop(): void {
    this.stopLoad()
    for (const { device } of this.#list) device.stop()
  }

  member(id: string): VillageDevice {
    const member = this.#members.get(id)
    if (!member) throw new Error(`no device ${id} in this village of ${this.#list.length}`)
    return member
  }

  button(id: string): AlarmButton {
    const member = this.member(id)
    if (member instanceof AlarmButton) return member
    throw new Error(`${id} is a ${member.kind}, not a button`)
  }

  door(id: string): DoorSensor {
    const member = this.member(id)
    if (member instanceof DoorSensor) return member
    throw new Error(`${id} is a ${member.kind}, not a door`)
  }

  water(id: string): WaterMonitor {
    const member = this.member(id)
    if (member instanceof WaterMonitor) return member
    throw new Error(`${id} is a ${member.kind}, not a water monitor`)
  }

  actor(id: string): Actor {
    const member = this.member(id)
    if (member instanceof Actor) return member
    throw new Error(`${id} is a ${member.kind}, not a siren or lamp`)
  }

  /** Presses a button; returns the message id, or undefined when the button is off or its flash is full. */
  press(id: string, press: ButtonPress = 'pressed'): string | undefined {
    return this.button(id).press(press)
  }

  /** Message ids that `id` has had acknowledged, oldest first. */
  ackedIds(id: string): readonly string[] {
    return this.tally.ids(id)
  }

  statistics(): VillageStatistics {
    const { events, published, resent, acked } = this.tally
    const sums = { connected: 0, connects: 0, waiting: 0, dropped: 0 }
    for (const { device } of this.#list) {
      if (device.link.session) sums.connected++
      sums.connects += device.link.connects
      sums.waiting += device.queue.size
      sums.dropped += device.queue.dropped
    }
    return { devices: this.#list.length, events, published, resent, acked, ...sums }
  }

  /** Routine reports at a steady rate, device after device. A full flash queue counts as dropped. */
  startLoad(eventsPerSecond: number): void {
    this.stopLoad()
    const startedAtMs = this.clock.monotonicMs()
    let made = 0
    const tick = (): void => {
      this.#cancelLoad = this.clock.after(loadTickMs, tick)
      const due = Math.floor(((this.clock.monotonicMs() - startedAtMs) / 1000) * eventsPerSecond)
      while (made < due) this.#list[made++ % this.#list.length]?.device.report()
    }
    tick()
  }

  /** As fast as the box answers: each PUBACK triggers the next report, with `perDevice` always in flight. */
  saturate(perDevice = 1): void {
    this.#refill = true
    for (const { device } of this.#list) for (let i = 0; i < perDevice; i++) device.report()
  }

  /** Ends `startLoad` and `saturate`; routine reports go on. */
  stopLoad(): void {
    this.#refill = false
    this.#cancelLoad?.()
    this.#cancelLoad = undefined
  }

  #hooks(hooks: DeviceHooks): DeviceHooks {
    return {
      ...hooks,
      onEvent: (id, event, isKept) => {
        this.tally.events++
        hooks.onEvent?.(id, event, isKept)
      },
      onSend: (id, event) => {
        this.tally.sent(event.sends)
        hooks.onSend?.(id, event)
      },
      onAck: (id, messageId) => {
        this.tally.acknowledged(id, messageId)
        hooks.onAck?.(id, messageId)
        if (this.#refill) this.#members.get(id)?.device.report()
      },
    }
  }
}

export function createVillage(options: VillageOptions): Village {
  return new Village(options)
}

function createMember(
  who: VillageMember,
  options: VillageOptions,
  clock: Clock,
  hooks: DeviceHooks,
): VillageDevice {
  const random = randomFor(options.seed, `days of ${who.id}`)
  const device = new Device({
    id: who.id,
    url: options.url,
    clock,
    random,
    linkRandom: randomFor(options.seed, `link of ${who.id}`),
    ...options.credential?.(who.id),
    firstBoot: options.firstBoot,
    reportIntervalMs: options.reportIntervalMs ?? 60_000,
    isSleepy: who.isSleepy,
    hasClock: who.hasClock,
    keepaliveSeconds: options.keepaliveSeconds,
    inFlightMax: options.inFlightMax,
    queueEventsMax: options.queueEventsMax,
    backOff: options.backOff,
    hooks,
    battery:
      who.batteryPercent === undefined
        ? undefined
        : new Battery({
            clock,
            startPercent: who.batteryPercent,
            percentPerDay: 0.2,
            percentPerSend: 0.0005,
          }),
  })
  switch (who.kind) {
    case 'button':
      return new AlarmButton(device)
    case 'water':
      return new WaterMonitor(device, curveOf(who.id, options.seed))
    case 'siren':
    case 'lamp':
      return new Actor(device, who.kind)
    case 'door':
      return new DoorSensor(device)
  }
}

/** The creek of a water monitor: part of the village, so that its limits can be known beforehand. */
export function curveOf(id: string, seed: number): LevelCurve {
  return new LevelCurve(randomFor(seed, `creek at ${id}`))
}
