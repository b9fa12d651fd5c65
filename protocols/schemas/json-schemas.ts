// Every JSON message of the device and uplink protocols as JSON Schema, generated from the schemas of our own parsers.
import { z } from 'zod'
import { eventBytesMax, eventKeysMax } from '../device-mqtt/device-event.ts'
import {
  commandResultSchema,
  deviceCommandSchema,
  smallMessageBytesMax,
  stageReceiptSchema,
} from '../device-mqtt/messages.ts'
import { controlBytesMax } from '../uplink/codec.ts'
import { centreCommandResultSchema, centreCommandSchema } from '../uplink/command.ts'
import { heartbeatSchema } from '../uplink/heartbeat.ts'
import { pictureReceiptSchema } from '../uplink/picture-receipt.ts'
import { receiptSchema } from '../uplink/receipt.ts'
import { reportBytesMax, reportSchema } from '../uplink/report.ts'
import { snapshotFactsSchema } from '../domain/snapshot.ts'
import { stageNoticeSchema } from '../uplink/stage-notice.ts'
import { unstoredCallSchema } from '../uplink/unstored-call.ts'
import { deviceEventSchema } from './device-event-schema.ts'

interface Message {
  schema: z.ZodType
  title: string
  /** Topic and limits, which JSON Schema can not express. */
  description: string
  extra?: object
}

const messages: Record<string, Message> = {
  'device-event': {
    schema: deviceEventSchema,
    title: 'Device event 设备事件',
    description: `gengfu/v1/{deviceId}/event, device to box, QoS 1, at most ${eventBytesMax} bytes. Unknown keys pass through.`,
    // The id and the time are not counted among the readings.
    extra: { maxProperties: eventKeysMax + 2 },
  },
  'device-command': {
    schema: deviceCommandSchema,
    title: 'Command 设备命令',
    description: `gengfu/v1/{deviceId}/command, box to device, QoS 0 and repeated at each connection until answered, at most ${smallMessageBytesMax} bytes. Parameters depend on "do". The same id again is answered again and done once.`,
  },
  'device-result': {
    schema: commandResultSchema,
    title: 'Result of a command 命令结果',
    description: `gengfu/v1/{deviceId}/result, device to box, QoS 1, at most ${smallMessageBytesMax} bytes.`,
  },
  'device-receipt': {
    schema: stageReceiptSchema,
    title: 'Stage receipt 处置进度回执',
    description: `gengfu/v1/{deviceId}/receipt, box to device, QoS 1: how far people have got with the event of that id.`,
  },
  'uplink-report': {
    schema: reportSchema,
    title: 'Report 上行报告',
    description: `up/{boxId}/{lane}, box to centre, QoS 1; JSON or the same in gzip, at most ${reportBytesMax} bytes unpacked.`,
  },
  'uplink-heartbeat': {
    schema: heartbeatSchema,
    title: 'Heartbeat 心跳',
    description: `up/{boxId}/heartbeat, box to centre, QoS 0, every 30 s, at most ${controlBytesMax} bytes.`,
  },
  'uplink-receipt': {
    schema: receiptSchema,
    title: 'Receipt 存储回执',
    description: `down/{boxId}/receipt, centre to box, at most ${controlBytesMax} bytes: stored durably up to here.`,
  },
  'uplink-picture-receipt': {
    schema: pictureReceiptSchema,
    title: 'Picture receipt 图片回执',
    description: `down/{boxId}/picture, centre to box, at most ${controlBytesMax} bytes: so much of that picture is stored. The chunks themselves are binary: docs/uplink.md.`,
  },
  'uplink-snapshot': {
    schema: snapshotFactsSchema,
    title: 'Facts of a snapshot-taken record 抓拍记录',
    description: `"facts" of a log record whose "what" is snapshot-taken: names the two files whose bytes follow in picture chunks. There may be more keys.`,
  },
  'uplink-unkept': {
    schema: unstoredCallSchema,
    title: 'Call that the box could not keep 未存于网关的呼救',
    description: `up/{boxId}/unkept, box to centre, QoS 1, at most ${controlBytesMax} bytes: acknowledge it once it is on disk.`,
  },
  'uplink-stage': {
    schema: stageNoticeSchema,
    title: 'Stage notice 处置进度',
    description: `down/{boxId}/stage, centre to box, at most ${controlBytesMax} bytes: how far people have got with an alarm.`,
  },
  'uplink-command': {
    schema: centreCommandSchema,
    title: 'Command of the centre 中心命令',
    description: `down/{boxId}/command, centre to box, QoS 1, at most ${controlBytesMax} bytes. The same id again is answered again and done once; an unknown "do" is answered with refused.`,
  },
  'uplink-result': {
    schema: centreCommandResultSchema,
    title: 'Result of a command of the centre 中心命令结果',
    description: `up/{boxId}/result, box to centre, QoS 1, at most ${controlBytesMax} bytes: the result of a command.`,
  },
}

/** File name without `.json` to the text of the file. */
export function createJsonSchemas(): Map<string, string> {
  return new Map(
    Object.entries(messages).map(([name, { schema, title, description, extra }]) => {
      const { $schema, ...body } = z.toJSONSchema(schema, { io: 'input' })
      const document = { $schema, $id: `gengfu:v1:${name}`, title, description, ...body, ...extra }
      return [name, `${JSON.stringify(document, null, 2)}\n`]
    }),
  )
}
