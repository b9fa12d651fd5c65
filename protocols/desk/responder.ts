// The content of the page of a person who was sent, and the steps that it may send. The link's token is behind the # of the address, so that it is in
// no log of a proxy; the page shows it as a bearer token, and with it a key of its own: the first phone that opens a link keeps it.
import type { AlarmKind, AlarmPlace, BilingualText } from '../domain/alarm.ts'
import type { CaseOutcome } from '../domain/case.ts'
import type { Colour } from '../domain/colour.ts'
import type { PlanPoint, Position } from '../domain/places/coordinates.ts'

/** Header with the key that the page made; 32 hexadecimal digits. */
export const deviceHeader = 'x-gengfu-device'
export const deviceKeyPattern = /^[0-9a-f]{32}$/
/** Made by the page for each thing that it sends: a repeat counts once. */
export const entryIdPattern = /^[0-9a-f]{16,32}$/

export const responderSteps = ['arrive', 'cannot', 'feedback', 'note'] as const
export type ResponderStep = (typeof responderSteps)[number]

export interface ResponderEntry {
  id: string
  do: ResponderStep
  text: string
  outcome?: CaseOutcome | undefined
  /** How long ago it was written, by the phone: it may have waited for a link. */
  agoSeconds: number
}

/** `over`: the case is closed; nothing more is taken. */
export type ResponderState = 'sent' | 'arrived' | 'done' | 'cannot' | 'over'

/** What and where, and no more: no telephone number, no history, no picture. */
export interface ResponderView {
  case: string
  to: string
  title: BilingualText
  kind?: AlarmKind
  colour: Colour
  isDrill: boolean
  village: string
  boxName?: string
  place?: Pick<AlarmPlace, 'zone' | 'device' | 'household' | 'grid' | 'lampPost' | 'text'>
  /** On the village's plan. */
  plan?: PlanPoint
  /** WGS-84: for the map of the phone. */
  at?: Position
  /** What to do, by the town's lists. */
  guidance?: BilingualText
  /** What the operator wrote when sending. */
  text: string
  sentAtMs: number
  expiresAtMs: number
  centreTimeMs: number
  state: ResponderState
  photos: number
}

/** `POST /api/v1/respond` and `/respond/step`. */
export interface ResponderAnswer {
  view: ResponderView
}

/** `POST /api/v1/respond/photo?id=&offset=&bytes=`: a piece; the view comes with the last one. */
export interface PhotoAnswer {
  storedTo: number
  view?: ResponderView
}

/** Bytes of one photo, and of one piece of it: a piece passes a link of 32 kbit/s before a request is too old. */
export const photoBytesMax = 3 * 1024 * 1024
export const pieceBytesMax = 32 * 1024
/** Photos of one link. */
export const photosMax = 20

/** A link as the desk shows it; `url` only in the answer that made it. */
export interface ResponseLink {
  id: string
  to: string
  dispatch: number
  by: string
  madeAtMs: number
  expiresAtMs: number
  openedAtMs?: number
  endedAtMs?: number
}
export interface NewResponseLink {
  to: string
  /** Path and fragment, below the address of the desk. */
  path: string
  expiresAtMs: number
}
export interface LinksAnswer {
  links: ResponseLink[]
}
export interface NewLinksAnswer {
  links: NewResponseLink[]
}
