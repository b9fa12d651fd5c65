// Which pictures are deleted: past their term, above the quotas, and files without a row; is the row always first?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { PictureSweep } from '../../../../centre/pictures/picture-sweep.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

function create(given: { past?: string[]; over?: string[]; overOfBox?: string[] }) {
  const did: string[] = []
  const places = (list: string[] | undefined) =>
    (list?.splice(0) ?? []).map((sha256) => ({ box: 'box-1', sha256 }))
  const clock = new VirtualClock()
  const sweep = new PictureSweep({
    folder: {
      boxes: async () => ['box-1'],
      tidy: async (_box: string, known: ReadonlySet<string>) => {
        did.push(`tidy ${[...known].join(' ')}`)
        return 0
      },
      drop: async (_box: string, sha256: string) => void did.push(`file ${sha256}`),
    } as never,
    storage: {
      picturesPastTerm: async () => places(given.past),
      picturesOverQuota: async ({ box }: { box?: string }) =>
        places(box === undefined ? given.over : given.overOfBox),
      picturesHere: async () => ['kept'],
      pictureBytes: async () => 40,
      dropPictures: async ({ why, files }: { why: string; files: { sha256: string }[] }) => {
        did.push(`row ${why} ${files.map(({ sha256 }) => sha256).join(' ')}`)
        return []
      },
    } as never,
    clock,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    termMs: 1000,
    bytesMax: 1000,
    boxBytesMax: 100,
    onStored: () => undefined,
  })
  return { did, sweep }
}

it('deletes by term, then by quota, the row before the file, and then files without a row', async () => {
  const { did, sweep } = create({ past: ['old'], over: ['big'] })
  sweep.start()
  await sweep.settled()
  await sweep.stop()
  expect(did).toEqual(['row term old', 'file old', 'row quota big', 'file big', 'tidy kept'])
})

it('checks the quota of a box only when its room is used up', async () => {
  const { did, sweep } = create({ overOfBox: ['big'] })
  sweep.checkBox('box-1', 10)
  await sweep.settled()
  expect(did).toEqual(['row quota big', 'file big'])
  // 100 bytes of quota, 40 are there.
  sweep.checkBox('box-1', 50)
  await sweep.settled()
  expect(did).toHaveLength(2)
  sweep.dropGone([{ box: 'box-1', sha256: 'gone' }])
  await sweep.settled()
  expect(did.at(-1)).toBe('file gone')
  await sweep.stop()
  sweep.dropGone([{ box: 'box-1', sha256: 'late' }])
  await sweep.settled()
  expect(did.at(-1)).toBe('file gone')
})
