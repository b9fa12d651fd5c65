// A small file replaced as a whole: written beside, synced, renamed, and the folder synced too. A power cut leaves the old content or
// the new one. `wx` follows no link in the place of the draft.
import {
  closeSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createFolder } from './create-folder.ts'

export interface ReplaceOptions {
  mode: number
  /** Whom the file belongs to, where another user than the one of this process reads it. */
  owner?: { uid: number; gid: number } | undefined
}

export async function replaceFile(
  file: string,
  content: string | Uint8Array,
  { mode, owner }: ReplaceOptions,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.new`
  // A draft of an interrupted run.
  await rm(draft, { force: true })
  const handle = await open(draft, 'wx', mode)
  try {
    if (owner) await handle.chown(owner.uid, owner.gid)
    await handle.chmod(mode)
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  // Without it a power cut may bring the old name back.
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The same for the seconds before a program ends or starts anew, when nothing waits for its event loop. */
export function replaceFileSync(file: string, content: string | Uint8Array, mode: number): void {
  createFolder(dirname(file))
  const draft = `${file}.new`
  rmSync(draft, { force: true })
  const handle = openSync(draft, 'wx', mode)
  try {
    // Unlike one write, it writes the rest too.
    writeFileSync(handle, content)
    // A command run by root must leave the service its own file.
    const { uid, gid } = statSync(dirname(file))
    if (process.getuid?.() === 0) fchownSync(handle, uid, gid)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
