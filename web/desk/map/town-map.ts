// The town's map as the centre has it: read once by the pages that show it, and again after some minutes.
import type { MapAnswer } from '../../../protocols/desk/villages/map.ts'

/** The configuration of a centre changes with its start only. */
const readAgainMs = 5 * 60_000

/** The part of the desk's API that it uses. */
export interface MapCalls {
  readonly signIns: number
  read<T>(path: string): Promise<T>
}

interface Known {
  atMs: number
  signIns: number
  answer: Promise<MapAnswer>
}
const known = new WeakMap<object, Known>()

/** An older centre has no map. `nowMs`: any clock that rises. */
export function readTownMap(api: MapCalls, nowMs: number): Promise<MapAnswer> {
  const before = known.get(api)
  const { signIns } = api
  if (before?.signIns === signIns && nowMs - before.atMs < readAgainMs) return before.answer
  const answer = api.read<MapAnswer>('map')
  known.set(api, { atMs: nowMs, signIns, answer })
  answer.catch(() => known.delete(api))
  return answer
}

/** A plan was uploaded: the next page reads the map again. */
export const forgetTownMap = (api: MapCalls): boolean => known.delete(api)

/** `version`: of an uploaded picture, so that the browser does not show the one before. */
export const planAddress = (village: string, version?: number): string =>
  `api/v1/map/plans/${encodeURIComponent(village)}${version === undefined ? '' : `?v=${version}`}`
