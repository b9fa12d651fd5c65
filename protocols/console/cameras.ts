// What the console and its page say to each other about adding a camera: found, tried, masked, and bound to zones.
import type { BilingualText } from '../domain/alarm.ts'

/** Corners as fractions of width and height, from the top left. */
export type MaskPolygon = [x: number, y: number][]

/** A camera of the configuration, without its password. */
export interface CameraEntry {
  id: string
  name?: string
  zone: string[]
  host: string
  port?: number
  tls: boolean
  user?: string
  /** Its password is in a file that a person wrote. */
  hasPasswordFile: boolean
  onvif: boolean
  snapshotPath?: string
  streamPath?: string
  rtspPort?: number
  isPrivate: boolean
  events: boolean
  scheduleMinutes: number
  masks: MaskPolygon[]
}

/** `POST /api/v1/cameras/find`. */
export interface CameraSearchAnswer {
  ok: true
  found: { host: string; port: number; tls: boolean; path: string; name: string; model: string }[]
}

/** `POST /api/v1/cameras/add`: new cameras with one account, all of them or none. */
export interface CamerasToAdd {
  cameras: { id: string; name: string; zone: string[]; host: string; port?: number; tls: boolean }[]
  user?: string
  password?: string
  by: string
}

/** `POST /api/v1/cameras/try`: one picture without masks, shown and not stored. */
export interface CameraTrialAnswer {
  ok: boolean
  reason?: { code: string; text: BilingualText }
  problems?: { path: string; message: string }[]
  /** JPEG in Base64. */
  picture?: string
  width?: number
  height?: number
  maker?: string
  model?: string
  source?: 'http' | 'rtsp'
  answerMs?: number
}
