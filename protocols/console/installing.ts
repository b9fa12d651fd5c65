// What the console and its page say to each other while a box is claimed, set up, tested and handed over.
import type { BilingualText } from '../domain/alarm.ts'
import type { Handover } from '../enrolment/handover.ts'
import type { CameraEntry } from './cameras.ts'

/** `GET /api/v1/session`, also before a person is signed in. */
export interface SessionAnswer {
  v: 1
  /** The name of the box. */
  box: string
  isClaimed: boolean
  /** Asked from the box itself, or through a tunnel to it: no sign-in is needed. */
  isLocal: boolean
  me?: { name: string; role: 'installer' | 'maintainer' }
  /** Sent with each change, beside the cookie. */
  page?: string
  /** The village's network is let in for so long. */
  openForMs?: number
  /** Why the console can not be claimed. */
  problem?: string
}

/** `GET /api/v1/setup`: what of the first start is done. It follows from the box's state, so a power cut loses no step. */
export const setupSteps = ['language', 'village', 'uplink', 'link', 'time', 'network', 'devices'] as const
export type SetupStep = (typeof setupSteps)[number]

export interface SetupAnswer {
  v: 1
  language?: 'zh' | 'en'
  /** `code`: 12 digits; absent while the box has none. */
  village: { code?: string; number?: number; name?: string; province?: BilingualText; isFromCentre: boolean }
  uplink: { url?: string; isEnrolled: boolean; isConnected: boolean; hasReceipt: boolean }
  timeZone: string
  devices: number
  /** Steps that a person has finished, or put off. */
  done: SetupStep[]
  isFinished: boolean
}

/** In the order in which they are tried: after a failure the later ones are left out. */
export const linkChecks = ['centre', 'name', 'tcp', 'tls', 'clock', 'receipt', 'round-trip'] as const
export type LinkCheck = (typeof linkChecks)[number]

export interface LinkTestAnswer {
  v: 1
  checks: { check: LinkCheck; isGood: boolean; text: BilingualText; remedy?: BilingualText }[]
}

export interface NetworkAnswer {
  v: 1
  hostName: string
  addresses: { name: string; address: string; isWireless: boolean; mac: string }[]
  gateway?: string
  dnsServers: string[]
  /** Where phones of the village find this page. */
  urls: string[]
}

/** `GET /api/v1/walk-test`. */
export interface WalkTestAnswer {
  v: 1
  /** Absent: none has been made. */
  by?: string
  isOn: boolean
  zone?: string
  leftMs?: number
  /** Box wall time of its begin. */
  atMs?: number
  hasUplink: boolean
  devices: WalkTestDevice[]
}

export interface WalkTestDevice {
  id: string
  name?: string
  kind: string
  zone?: string
  isHeard: boolean
  /** Since the test began; absent: not heard yet, or heard before a restart. */
  heardAfterMs?: number
  signalDbm?: number
  batteryPercent?: number
  /** From the message to the centre's Receipt of it; absent: none yet. */
  receiptMs?: number
}

/** The credential of one device, shown once: the box stores only its hash. */
export interface DeviceCredential {
  device: string
  password: string
}

export interface ImportAnswer {
  ok: boolean
  problems?: { row?: number; column?: string; path: string; message: string }[]
  /** Of a trial: what would be added. */
  plan?: { devices: number; zones: string[]; isTrial: boolean }
  credentials?: DeviceCredential[]
  /** How a device connects; for its QR code. */
  connect?: ConnectFacts
}

export interface ConnectFacts {
  host: string
  port: number
  isTls: boolean
}

/** `GET /api/v1/settings`. */
export interface SettingsAnswer {
  v: 1
  version: number
  versions: { n: number; atMs: number; by: string; what: string; keys: string[]; isUndoable: boolean }[]
  /** The file says something else than when the console changed this key: the file counts. */
  conflicts: { key: string; file: unknown; console: unknown; by: string }[]
  /** What the console changed, and what it is now. */
  changed: { key: string; value: unknown }[]
  zones: { id: string; name?: string; grade: string }[]
  devices: { id: string; name?: string; kind: string; zone?: string; place?: string }[]
  limits: { timeZone: string; batteryLowPercent: number; batteryOkPercent: number; linkLostAfterS: number }
  kinds: string[]
  rules: RuleEntry[]
  cameras: CameraEntry[]
}

/** A local rule as it is written. */
export interface RuleEntry {
  id: string
  when: {
    kinds?: string[]
    variants?: string[]
    colours?: string[]
    zones?: string[]
    devices?: string[]
    during?: { from: string; to: string; days?: string[] }
  }
  device: string
  do: string
  with?: Record<string, string | number | boolean>
  stopDo?: string
  secondsMax?: number
}

/** `GET /api/v1/listener`: who may connect as a device. */
export interface ListenerAnswer {
  v: 1
  who: 'box' | 'village' | 'village-tls'
  port?: number
  /** Devices without a password are let in. */
  isAnonymous: boolean
  /** The box has made a certificate of its own: devices are given its authority. */
  hasAuthority: boolean
  listeners: { host: string; port: number; isTls: boolean; isWebSocket: boolean }[]
}

/** `GET /api/v1/plan`: what stands where on the village plan; `plan` is 0 to 1 from the upper left corner. */
export interface PlanAnswer {
  v: 1
  hasPicture: boolean
  devices: { id: string; name?: string; kind: string; zone?: string; plan?: PlanPlace }[]
  zones: { id: string; name?: string; plan?: PlanPlace }[]
}
export interface PlanPlace {
  x: number
  y: number
}

/** `GET /api/v1/handover`: the facts of now, with what was added to the sheet that is stored. */
export interface HandoverSheetAnswer {
  v: 1
  sheet: Handover
  storedAtMs?: number
  storedBy?: string
  /** The centre has the stored one. */
  isAtCentre?: boolean
}
