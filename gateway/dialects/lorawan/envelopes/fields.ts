// Fields that the network servers' messages share, read without trust: a wrong type counts as an absent field.
import { isObject } from '../../../../protocols/kit/parse-json.ts'
import { numberOf } from '../../meaning/values.ts'

export type Json = Record<string, unknown>

export const objectIn = (json: Json | undefined, name: string): Json => {
  const value = json?.[name]
  return isObject(value) ? value : {}
}
export const textIn = (json: Json, ...names: string[]): string | undefined => {
  for (const name of names) {
    const value = json[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}
/** 64-bit numbers come as text in protobuf's JSON. */
export const numberIn = (json: Json, name: string): number | undefined => numberOf(json[name]) ?? undefined
/** Protobuf's JSON omits zero. */
export const countIn = (json: Json, name: string): number => {
  const number = numberIn(json, name) ?? 0
  return Number.isSafeInteger(number) && number >= 0 ? number : 0
}

/** Eight bytes as hex or base64, in lower-case hex. */
export function euiOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const plain = value.replaceAll(/[:\-\s]/g, '')
  if (/^[0-9a-f]{16}$/i.test(plain)) return plain.toLowerCase()
  if (!/^[A-Za-z0-9+/]{11}=?$/.test(value)) return undefined
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === 8 ? bytes.toString('hex') : undefined
}

/** Four bytes as hex or base64. */
export function addressOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  if (/^[0-9a-f]{8}$/i.test(value)) return value.toLowerCase()
  const bytes = /^[A-Za-z0-9+/]{6}(==)?$/.test(value) ? Buffer.from(value, 'base64') : undefined
  return bytes?.length === 4 ? bytes.toString('hex') : undefined
}

/** A payload in base64; undefined if absent, null if invalid. */
export function bytesOf(value: unknown): Uint8Array | undefined | null {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return null
  return Buffer.from(value, 'base64')
}

/** Of all gateways that received it, the one with the best signal. */
export function radioOf(list: unknown, snrNames: readonly string[]): { signalDbm?: number; snrDb?: number } {
  let best: { signalDbm: number; snrDb?: number } | undefined
  for (const entry of Array.isArray(list) ? list.slice(0, 50) : []) {
    if (!isObject(entry)) continue
    const signalDbm = numberIn(entry, 'rssi') ?? numberIn(entry, 'channel_rssi')
    if (signalDbm === undefined || signalDbm < -200 || signalDbm > 20) continue
    if (best && best.signalDbm >= signalDbm) continue
    const snrDb = snrNames.map((name) => numberIn(entry, name)).find((number) => number !== undefined)
    best = { signalDbm, ...(snrDb === undefined ? {} : { snrDb }) }
  }
  return best ?? {}
}

export const timeIn = (value: unknown): number | undefined => {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}
