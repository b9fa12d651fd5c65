// A call that the box could not store: its card refuses writes, and the town gets the call all the same.
// `up/{boxId}/unkept`, JSON, QoS 1. It has no lane number and no Receipt: the PUBACK means that the centre has it on
// disk.
import { z } from 'zod'
import type { Alarm } from '../domain/alarm.ts'
import { clockQualities, type BoxTime } from '../domain/event.ts'
import { bootMax, sinceBootMsMax, wallMsMax } from '../domain/limits.ts'
import { alarmSchema } from './report.ts'

export const unstoredCallSchema = z.looseObject({
  v: z.literal(1),
  at: z.looseObject({
    boot: z.number().int().min(1).max(bootMax),
    sinceBootMs: z.number().min(0).max(sinceBootMsMax),
    atMs: z.number().min(-wallMsMax).max(wallMsMax),
    clock: z.enum(clockQualities),
  }),
  alarm: alarmSchema,
})

export interface UnstoredCall {
  v: 1
  at: BoxTime
  /** Has the same id as its AlarmRecord, if the box stores it later. */
  alarm: Alarm
}
