// Is a file taken only as what its bytes are, gone again when its row was refused, and handed out after the look is written down?
import { createHash } from 'node:crypto'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { AttachmentFolder } from '../../../../centre/attachments/attachment-folder.ts'
import { Attachments } from '../../../../centre/attachments/attachments.ts'
import type { Attachment } from '../../../../protocols/desk/attachments.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const jpeg = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(text), Buffer.from([0xff, 0xd9])])
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function open({ hasRoom = true } = {}) {
  const files = new Map<string, Uint8Array>()
  const named = new Set<string>()
  const steps: string[] = []
  const clock = new VirtualClock()
  const folder = {
    put: (sha256: string, bytes: Uint8Array) => Promise.resolve(void files.set(sha256, bytes)),
    read: (sha256: string) => {
      steps.push('read')
      return Promise.resolve(files.get(sha256))
    },
    drop: (sha256: string) => Promise.resolve(void files.delete(sha256)),
    hasRoom: () => Promise.resolve(hasRoom),
  } as unknown as AttachmentFolder
  const attachments = new Attachments({
    folder,
    storage: {
      lookAtAttachment: (_case, sha256) => {
        steps.push('written down')
        return Promise.resolve(named.has(sha256) ? ({ sha256 } as Attachment) : undefined)
      },
      attachmentsPastTerm: () => Promise.resolve([...named].map((_, at) => at)),
      dropAttachments: () => {
        const gone = [...named]
        named.clear()
        return Promise.resolve(gone)
      },
      isAttachmentNamed: (sha256) => Promise.resolve(named.has(sha256)),
    },
    clock,
    logger: pino({ level: 'silent' }),
    bytesMax: 1000,
    termMs: 1000,
  })
  return { attachments, clock, files, named, steps }
}

test.each([
  ['is no picture and no PDF', Buffer.from('<svg/>'), undefined, 'wrong-type'],
  ['is another type than was declared', jpeg('a'), 'image/png', 'wrong-type'],
])('refuses a file that %s', async (_name, bytes, declaredType, outcome) => {
  const { attachments, files } = open()
  expect(await attachments.take({ bytes, name: 'a', declaredType }, () => Promise.resolve('noted'))).toBe(
    outcome,
  )
  expect(files.size).toBe(0)
})

test('refuses a file where the disk is nearly full', async () => {
  const { attachments, files } = open({ hasRoom: false })
  expect(await attachments.take({ bytes: jpeg('a'), name: 'a' }, () => Promise.resolve('noted'))).toBe('full')
  expect(files.size).toBe(0)
})

test('keeps no file whose row was refused, and no second sender loses the same one', async () => {
  const { attachments, files, named } = open()
  const bytes = jpeg('door')
  const refused = attachments.take({ bytes, name: 'door' }, () => Promise.reject(new Error('no such case')))
  const stored = attachments.take({ bytes, name: 'door' }, async ({ sha256, name }) => {
    await refused.catch(() => undefined)
    named.add(sha256)
    return name
  })
  await expect(refused).rejects.toThrow('no such case')
  expect(await stored).toBe('door.jpg')
  expect([...files.keys()]).toEqual([hashOf(bytes)])
  await expect(
    attachments.take({ bytes: jpeg('other'), name: 'x' }, () => Promise.reject(new Error('no'))),
  ).rejects.toThrow('no')
  expect([...files.keys()]).toEqual([hashOf(bytes)])
})

test('writes a look down before it reads the file, and reads none that the case does not have', async () => {
  const { attachments, named, steps } = open()
  const bytes = jpeg('door')
  await attachments.take({ bytes, name: 'door' }, ({ sha256 }) => Promise.resolve(void named.add(sha256)))
  expect(await attachments.look('case-1', hashOf(bytes), 'li')).toMatchObject({ bytes })
  expect(steps).toEqual(['written down', 'read'])
  expect(await attachments.look('case-1', hashOf(jpeg('other')), 'li')).toBeUndefined()
  expect(steps).toEqual(['written down', 'read', 'written down'])
})

test('deletes files past their term, and not before the centre has run a minute', async () => {
  const { attachments, clock, files, named } = open()
  const bytes = jpeg('door')
  await attachments.take({ bytes, name: 'door' }, ({ sha256 }) => Promise.resolve(void named.add(sha256)))
  attachments.start()
  clock.advance(59_000)
  await attachments.look('case-1', hashOf(bytes), 'li')
  expect(files.size).toBe(1)
  clock.advance(1000)
  await expect.poll(() => files.size).toBe(0)
  await attachments.stop()
})
