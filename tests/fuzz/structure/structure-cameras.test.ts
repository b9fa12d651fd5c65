// Can any one answer of a camera throw in the box, or hold up the code that talks to cameras?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyMutation } from './structural-mutations.ts'
import { CameraStructureTarget, httpMessages, onvifMessages, rtspMessages } from './structure-cameras.ts'

/** One in this many of all mutations; no divisor of the number of values. `npm run campaign -- structure` takes all. */
const onvifStride = 601
const lineStride = 13

const target = new CameraStructureTarget()
beforeAll(() => target.start())
afterAll(() => target.end())

const mutationsOf = (messages: readonly unknown[], stride: number) =>
  messages.flatMap((message) => [...everyMutation(message, stride)])

test('every node of an ONVIF answer may be anything: it is an answer or a plain problem', async () => {
  expect(onvifMessages.length).toBeGreaterThan(7)
  const all = mutationsOf(onvifMessages, onvifStride)
  expect(all.length).toBeGreaterThan(50)
  expect(await target.onvif(all)).toEqual([])
})

test('every part of an HTTP answer may be anything', async () => {
  expect(await target.http(mutationsOf(httpMessages, lineStride))).toEqual([])
})

test('every part of an RTSP answer may be anything', async () => {
  expect(await target.rtsp(mutationsOf(rtspMessages, lineStride))).toEqual([])
})
