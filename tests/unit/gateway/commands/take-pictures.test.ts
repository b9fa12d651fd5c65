// Does a command for pictures ask every camera, and does its result list those without one?
import { expect, it } from 'vitest'
import { takePictures } from '../../../../gateway/commands/take-pictures.ts'

const command = { id: 'k-1', by: 'li' } as never
const plan = (cameras: string[]): never => ({ type: 'pictures', cameras }) as never

it('lists snapshots, and the first camera that failed with its reason', async () => {
  const cameras = {
    take: async (camera: string) => {
      if (camera === 'cam-3') throw new Error('ended')
      if (camera === 'cam-2') return { ok: false, reason: { text: { zh: '断开', en: 'away' } } }
      return { ok: true, snapshot: { id: `s-${camera}` } }
    },
  } as never
  const ending = await takePictures(cameras, command, plan(['cam-1', 'cam-2', 'cam-3']))
  expect(ending).toMatchObject({ reached: ['cam-1'], missed: ['cam-2', 'cam-3'], snapshots: ['s-cam-1'] })
  expect(JSON.stringify(ending.reason)).toContain('cam-2')
  expect(await takePictures(cameras, command, plan(['cam-1']))).not.toHaveProperty('reason')
})

it('fails for each camera on a box without cameras', async () => {
  expect(await takePictures(undefined, command, plan(['cam-1']))).toMatchObject({
    reached: [],
    missed: ['cam-1'],
  })
})
