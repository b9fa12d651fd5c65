// Linkage between villages: a gauge upstream warns the villages below it. Times are ms since 1970.
import type { Colour } from '../../domain/colour.ts'

export const linkagesMax = 500
/** Villages that one rule warns. */
export const villagesBelowMax = 50
/** Longest travel time: three days. */
export const travelMinutesMax = 4320

/** The gauge: all of a village or box, or one device of it. */
export interface LinkageSource {
  /** A village or a box. */
  place: string
  device?: string | undefined
}

export interface Linkage {
  id: string
  from: LinkageSource
  /** A water alarm of this colour or a more urgent one warns. */
  colour: Colour
  to: {
    village: string
    /** How long the water takes; absent: learned from earlier times. */
    minutes?: number | undefined
  }[]
  /** Loudspeakers and signs of the villages below say it; {from} and {minutes} are filled in. */
  text?: string | undefined
}

/** What the centre has learned: the median of the latest arrivals. */
export interface LearnedTravel {
  linkage: string
  village: string
  minutes: number
  arrivals: number
}

/** `GET /api/v1/linkages`. */
export interface LinkagesAnswer {
  version: number
  linkages: Linkage[]
  learned: LearnedTravel[]
}

/** One warning of one village. */
export interface LinkageWarning {
  id: string
  linkage: string
  village: string
  /** The alarm upstream, and the own alarm at the village below; ids at the desk. */
  source: string
  alarm: string
  /** Further alarms upstream for which this warning stands too. */
  others?: string[]
  colour: Colour
  raisedAtMs: number
  minutes?: number
  expectedAtMs?: number
  /** The own gauge of the village below rose: the water arrived. */
  arrivedAtMs?: number
  /** The gauge upstream is below the colour again. */
  sourceOverAtMs?: number
  /** Since when the level upstream is below each more urgent colour whose water is still on its way. */
  fellAtMs?: Partial<Record<Colour, number>>
  endedAtMs?: number
  bulletin?: string
  isDrill?: boolean
}

/** `GET /api/v1/linkages/warnings?state=open|all&after=&limit=`: newest first. */
export interface WarningsAnswer {
  warnings: LinkageWarning[]
  next?: string
}
