// Compares the AsyncAPI file and the handbook page of the uplink with the schemas of the code.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { stages } from '../../protocols/domain/alarm.ts'
import { lanes } from '../../protocols/domain/colour.ts'
import { clockQualities } from '../../protocols/domain/event.ts'
import { pictureBytesMax } from '../../protocols/domain/snapshot.ts'
import { chunkBytesMax, chunkHeaderBytes } from '../../protocols/uplink/picture-chunk.ts'
import { pictureProblems, pictureReceiptSchema } from '../../protocols/uplink/picture-receipt.ts'
import { denseReadings, denseWords } from '../../protocols/uplink/dense-report.ts'
import {
  centreCommandResultSchema,
  centreCommandSchema,
  commandKinds,
  commandLifeMsMax,
  commandResultStates,
  runSecondsMax,
} from '../../protocols/uplink/command.ts'
import { heartbeatSchema } from '../../protocols/uplink/heartbeat.ts'
import { receiptSchema } from '../../protocols/uplink/receipt.ts'
import { reportRecordsMax, reportSchema } from '../../protocols/uplink/report.ts'
import { stageNoticeSchema } from '../../protocols/uplink/stage-notice.ts'
import { unstoredCallSchema } from '../../protocols/uplink/unstored-call.ts'
import { downTopic, upTopic } from '../../protocols/uplink/topics.ts'

const folder = new URL('../../docs/', import.meta.url)
const text = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
const api = parse(text('uplink.asyncapi.yaml'))
const { schemas } = api.components

describe('the AsyncAPI file of the uplink', () => {
  it('has the topics of the code', () => {
    const box = '{boxId}'
    expect(api.channels.report.address).toBe(upTopic(box, '{lane}' as 'red'))
    expect(api.channels.heartbeat.address).toBe(upTopic(box, 'heartbeat'))
    expect(api.channels.receipt.address).toBe(downTopic(box, 'receipt'))
    expect(api.channels.command.address).toBe(downTopic(box, 'command'))
    expect(api.channels.unkept.address).toBe(upTopic(box, 'unkept'))
    expect(api.channels.result.address).toBe(upTopic(box, 'result'))
    expect(api.channels.picture.address).toBe(upTopic(box, 'picture'))
    expect(api.channels.pictureReceipt.address).toBe(downTopic(box, 'picture'))
    expect(api.channels.stage.address).toBe(downTopic(box, 'stage'))
    expect(api.channels.report.parameters.lane.enum).toEqual(lanes)
  })

  it('has the keys, words and limits of the code', () => {
    const known = {
      report: reportSchema,
      receipt: receiptSchema,
      heartbeat: heartbeatSchema,
      stage: stageNoticeSchema,
      unkept: unstoredCallSchema,
      command: centreCommandSchema,
      result: centreCommandResultSchema,
      pictureReceipt: pictureReceiptSchema,
    }
    for (const [name, schema] of Object.entries(known)) {
      const keys = Object.keys(schemas[name].properties)
      expect(keys.filter((key) => !(key in schema.shape))).toEqual([])
      const required = Object.entries(schema.shape).filter(([, field]) => !field.safeParse(undefined).success)
      expect(schemas[name].required.toSorted()).toEqual(required.map(([key]) => key).toSorted())
    }
    expect(schemas.report.properties.records.maxItems).toBe(reportRecordsMax)
    expect(schemas.pictureReceipt.properties.problem.enum).toEqual(pictureProblems)
    expect(schemas.pictureReceipt.properties.storedTo.maximum).toBe(pictureBytesMax)
    const chunk = api.components.messages.pictureChunk.payload
    expect([chunk.minLength, chunk.maxLength]).toEqual([chunkHeaderBytes, chunkHeaderBytes + chunkBytesMax])
    expect(schemas.stage.properties.stage.enum).toEqual(stages)
    const { command, result } = schemas
    expect(command.properties.do.examples).toEqual(commandKinds)
    expect(command.properties.leftMs.maximum).toBe(commandLifeMsMax)
    expect(command.properties.seconds.maximum).toBe(runSecondsMax)
    expect(result.properties.state.enum).toEqual(commandResultStates)
    expect(schemas.record.properties.clock.enum).toEqual(clockQualities)
  })
})

describe('the handbook page of the uplink', () => {
  it('lists keys and words of form 2 as the code has them, and its examples parse', () => {
    const page = text('uplink.md').replaceAll(/\s+/g, ' ')
    expect(page).toContain(denseReadings.map((key, number) => `${number} ${key}`).join(', '))
    expect(page).toContain(denseWords.map((word, number) => `${number} ${String(word)}`).join(', '))
    const examples = [...text('uplink.md').matchAll(/```json\n([^`]+)```/g)].map(([, json]) =>
      JSON.parse(json ?? ''),
    )
    const [report, receipt, command, result, unkept, heartbeat] = examples
    expect(unstoredCallSchema.safeParse(unkept).success).toBe(true)
    expect(centreCommandSchema.strict().safeParse(command).success).toBe(true)
    expect(centreCommandResultSchema.strict().safeParse(result).success).toBe(true)
    expect(reportSchema.safeParse(report).success).toBe(true)
    expect(receiptSchema.safeParse(receipt).success).toBe(true)
    expect(heartbeatSchema.safeParse(heartbeat).success).toBe(true)
  })
})
