// How the centre shares its work on pictures between boxes.
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { PictureReceiver, type PictureReceiverOptions } from '../../../../centre/pictures/picture-receiver.ts'
import { encodePictureChunk } from '../../../../protocols/uplink/picture-chunk.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const pictureBytes = 1000
const sha = (n: number): string => n.toString(16).padStart(64, '0')
const chunk = (n: number): Uint8Array =>
  encodePictureChunk({ sha256: sha(n), bytes: pictureBytes, offset: 0, part: new Uint8Array(10) })
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A disk that writes when the test says so, oldest first. */
function open(onAppend: (box: string) => void = () => undefined) {
  const writing: { box: string; write: () => void }[] = []
  const begun: string[] = []
  const receiver = new PictureReceiver({
    folder: {
      freeShare: () => Promise.resolve(1),
      append: (box: string) =>
        new Promise<number>((resolve) => {
          begun.push(box)
          writing.push({ box, write: () => resolve(10) })
          onAppend(box)
        }),
    },
    storage: {
      pictureFile: () => Promise.resolve({ bytes: pictureBytes, isSettled: false }),
    },
    clock: new VirtualClock(),
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    recordsSettled: () => Promise.resolve(),
    onStored: () => undefined,
    onArrived: () => undefined,
    sendReceipt: () => undefined,
  } as unknown as PictureReceiverOptions)
  const writeOne = async (): Promise<void> => {
    writing.shift()?.write()
    await settle()
  }
  return { receiver, begun, writeOne }
}

it('serves boxes in turn: a box with hundreds of pictures under way delays the picture of another by one write', async () => {
  const { receiver, begun, writeOne } = open()
  for (let n = 0; n < 500; n++) receiver.offer('flood', chunk(n))
  receiver.offer('village', chunk(1))
  await settle()
  expect(begun).toEqual(['flood', 'flood', 'flood', 'flood'])
  await writeOne()
  expect(begun.slice(4)).toEqual(['flood'])
  await writeOne()
  expect(begun.slice(5)).toEqual(['village'])
})

it('takes what waits of a picture and then the next one: chunks without an end hold no place for ever', async () => {
  const { receiver, begun, writeOne } = open((box) => {
    if (box === 'flood') for (let n = 0; n < 4; n++) receiver.offer('flood', chunk(n))
  })
  for (let n = 0; n < 4; n++) receiver.offer('flood', chunk(n))
  await settle()
  receiver.offer('village', chunk(1))
  receiver.offer('other-village', chunk(1))
  for (let turns = 0; turns < 4; turns++) await writeOne()
  expect(begun).toContain('village')
  expect(begun).toContain('other-village')
})
