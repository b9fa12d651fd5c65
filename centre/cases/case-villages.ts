// Of which villages a case is. Pure.
import type { Case } from '../../protocols/domain/case.ts'
import { villageOf } from '../../protocols/domain/names.ts'

/**
 * Its own village, and that of every alarm in it: all of them see the case. Merged cases of two villages stay visible to both, since an
 * operator must not lose sight of an alarm because a colleague filed it elsewhere.
 */
export const villagesOfCase = ({ village, alarms }: Pick<Case, 'village' | 'alarms'>): string[] => [
  ...new Set([village, ...alarms.map(({ id }) => villageOf(id.slice(0, id.indexOf('.'))))]),
]
