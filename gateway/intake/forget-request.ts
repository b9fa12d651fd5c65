// A manual request to forget the message ids of a device, as an empty file in the data folder: the command needs no
// connection to the box, and a box that is not running processes it at its next start.
import { closeSync, openSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isDeviceId } from '../../protocols/domain/names.ts'
import type { Clock } from '../../protocols/kit/clock.ts'

const prefix = 'forget-device.'
/** The folder is checked this often. */
const lookMs = 1000
/** Requests processed in one check; the others follow in the next. */
const takenMax = 100

/** Creates the request; throws the file system's error, and when `device` is no device id. */
export function requestForget(folder: string, device: string): void {
  if (!isDeviceId(device)) throw new RangeError(`${JSON.stringify(device)} is no device id`)
  closeSync(openSync(join(folder, prefix + device), 'a', 0o600))
}

export interface ForgetRequestOptions {
  folder: string
  clock: Clock
  /** Resolves when the request is done. */
  forget: (device: string) => Promise<void>
  onProblem: (error: Error) => void
}

/** Processes requests now and from time to time; returns the undo. */
export function takeForgetRequests({ folder, clock, forget, onProblem }: ForgetRequestOptions): () => void {
  let isEnded = false
  let cancel: () => void = () => undefined
  const look = async (): Promise<void> => {
    try {
      const names = readdirSync(folder).filter((name) => name.startsWith(prefix))
      for (const name of names.slice(0, takenMax)) {
        const device = name.slice(prefix.length)
        if (isDeviceId(device)) await forget(device)
        unlinkSync(join(folder, name))
      }
    } catch (error) {
      onProblem(error as Error)
    }
    if (!isEnded) cancel = clock.after(lookMs, () => void look())
  }
  void look()
  return () => {
    isEnded = true
    cancel()
  }
}
