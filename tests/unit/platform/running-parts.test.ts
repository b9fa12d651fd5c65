// Question: is everything that a program started stopped again, whatever fails, hangs or comes in between?
import { describe, expect, it } from 'vitest'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { RunningParts, StartInterrupted } from '../../../platform/running-parts.ts'

const create = (deadlineMs = 5000) => new RunningParts({ clock: createSystemClock(), deadlineMs })

describe('running parts', () => {
  it('stop in reverse order, and once only', async () => {
    const parts = create()
    const stopped: string[] = []
    for (const name of ['storage', 'broker', 'desk']) parts.add(name, () => void stopped.push(name))
    await Promise.all([parts.stop(), parts.stop()])
    expect(stopped).toEqual(['desk', 'broker', 'storage'])
  })

  it('stop the third when the first two fail, and every failure is named', async () => {
    const parts = create()
    let isClosed = false
    parts.add('storage', () => void (isClosed = true))
    parts.add('broker', () => Promise.reject(new Error('one')))
    parts.add('desk', () => {
      throw new Error('two')
    })
    await expect(parts.stop()).rejects.toThrow('desk: two; broker: one')
    expect(isClosed).toBe(true)
  })

  it('stop the rest when one hangs, and name it', async () => {
    const parts = create(40)
    let isClosed = false
    parts.add('storage', () => void (isClosed = true))
    parts.add('broker', () => new Promise(() => undefined))
    await expect(parts.stop()).rejects.toThrow('broker: did not stop in time')
    expect(isClosed).toBe(true)
  })

  it('are all stopped when the start fails, with the error of the start', async () => {
    const parts = create()
    let isClosed = false
    const started = parts.start(async () => {
      parts.add('storage', () => void (isClosed = true))
      throw new Error('port taken')
    })
    await expect(started).rejects.toThrow('port taken')
    expect(isClosed).toBe(true)
  })

  it('leave nothing open when the stop comes during the start', async () => {
    const parts = create()
    const open = new Set<string>()
    let goOn: () => void = () => undefined
    const part = (name: string) => {
      open.add(name)
      parts.add(name, () => void open.delete(name))
    }
    const started = parts.start(async () => {
      part('storage')
      await new Promise<void>((resolve) => (goOn = resolve))
      part('desk')
      part('never reached')
    })
    const ended = started.catch((error: unknown) => error)
    const stopped = parts.stop()
    goOn()
    await stopped
    expect(await ended).toBeInstanceOf(StartInterrupted)
    expect([...open]).toEqual([])
  })

  it('leave nothing open when a part starts after the stop has given up waiting', async () => {
    const parts = create(20)
    const open = new Set<string>()
    let goOn: () => void = () => undefined
    const started = parts.start(async () => {
      await new Promise<void>((resolve) => (goOn = resolve))
      open.add('late')
      parts.add('late', () => void open.delete('late'))
    })
    const ended = started.catch((error: unknown) => error)
    await parts.stop()
    goOn()
    expect(await ended).toBeInstanceOf(StartInterrupted)
    expect([...open]).toEqual([])
  })

  it('can not be started once stopped', async () => {
    const parts = create()
    await parts.stop()
    await expect(parts.start(async () => undefined)).rejects.toBeInstanceOf(StartInterrupted)
  })
})
