// A command that root runs beside a service works with the rights of the service: a file that root made in the data
// folder can not be opened by the service afterwards.
import { chownSync, existsSync, statSync } from 'node:fs'
import { createFolder } from '../disk/create-folder.ts'
import { isNotKnownThere } from './close-to-others.ts'

/**
 * Gives up root's rights for those of the folder's owner; without root, without the folder, or with a folder of root's
 * own, nothing changes. `also`: a folder that the command writes to; it is made for the owner while it is missing.
 */
export function becomeOwnerOf(folder: string, also?: string): void {
  if (process.getuid?.() !== 0 || !existsSync(folder)) return
  const { uid, gid } = statSync(folder)
  if (uid === 0) return
  if (also !== undefined && !existsSync(also)) {
    createFolder(also)
    try {
      chownSync(also, uid, gid)
    } catch (error) {
      // On a stick or a share without owners its mount decides who may write.
      if (!isNotKnownThere(error)) throw error
    }
  }
  process.setgroups?.([gid])
  process.setgid?.(gid)
  process.setuid?.(uid)
}
