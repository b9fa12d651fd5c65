// Bulletins: a text of the centre for the loudspeakers and signs of chosen villages, with a receipt per device. Times are
// ms since 1970.
import { bulletinCharsMax, runSecondsMax } from '../../uplink/command.ts'
import type { DeskCommandState } from '../commands.ts'

export { bulletinCharsMax }
/** Villages of one bulletin. */
export const bulletinVillagesMax = 500
export const bulletinSecondsMax = runSecondsMax

/** What became of it at one device; `no-answer`: not known whether it ran. */
export const receiptStates = ['done', 'missed', 'open'] as const
export interface DeviceReceipt {
  device: string
  name?: string
  state: (typeof receiptStates)[number]
}

/** What became of it at one box. */
export interface BulletinBox {
  box: string
  name: string
  command: string
  state: DeskCommandState
  changedAtMs: number
  reason?: { code: string; zh: string; en: string }
  devices: DeviceReceipt[]
}

export interface Bulletin {
  id: string
  text: string
  villages: string[]
  by: string
  why?: string
  seconds: number
  atMs: number
  expiresAtMs: number
  /** The warning of a linkage that it is about. */
  alarm?: string
  isDrill?: boolean
  boxes: BulletinBox[]
}

/** `POST /api/v1/bulletins` and `GET /api/v1/bulletins/{bulletinId}`. */
export interface BulletinAnswer {
  bulletin: Bulletin
}

/** `GET /api/v1/bulletins?after=&limit=`: newest first. */
export interface BulletinsAnswer {
  bulletins: Bulletin[]
  next?: string
}
