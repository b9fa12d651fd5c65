// Users and passwords of cameras, encrypted with AES-256-GCM; the key is in a separate file outside the data folder, so
// that a copied data folder or backup does not contain the passwords.
import { replaceFile } from '../../../platform/replace-file.ts'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { CameraProblem } from '../talk/camera-problem.ts'
import { readJsonWhole, readWhole } from './sealed-file.ts'

export interface CameraCredentials {
  user: string
  password: string
}

const keyBytes = 32
const version = 1

interface Sealed {
  iv: string
  tag: string
  data: string
}

export class CredentialStore {
  readonly #file: string
  readonly #key: Buffer
  readonly #sealed: Map<string, Sealed>

  constructor(options: { file: string; key: Buffer; sealed: Map<string, Sealed> }) {
    this.#file = options.file
    this.#key = options.key
    this.#sealed = options.sealed
  }

  /** Undefined when there are none; throws when they do not open with this key or were modified. */
  get(camera: string): CameraCredentials | undefined {
    const sealed = this.#sealed.get(camera)
    if (!sealed) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(sealed.iv, 'base64'))
    // Bound to the camera's id: a sealed entry can not be moved to another camera.
    decipher.setAAD(Buffer.from(camera, 'utf8'))
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'))
    const plain = Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()])
    return JSON.parse(plain.toString('utf8')) as CameraCredentials
  }

  async set(camera: string, credentials: CameraCredentials): Promise<void> {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv)
    cipher.setAAD(Buffer.from(camera, 'utf8'))
    const data = Buffer.concat([cipher.update(JSON.stringify(credentials), 'utf8'), cipher.final()])
    this.#sealed.set(camera, {
      iv: iv.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      data: data.toString('base64'),
    })
    await this.#write()
  }

  async delete(camera: string): Promise<void> {
    if (this.#sealed.delete(camera)) await this.#write()
  }

  async #write(): Promise<void> {
    const text = JSON.stringify({ v: version, cameras: Object.fromEntries(this.#sealed) })
    await replaceFile(this.#file, text, { mode: 0o600 })
  }
}

/** Opens the store; creates the key on first use. Rejects when other users can read the key or it lies in `dataDir`. */
export async function openCredentialStore(options: {
  file: string
  keyFile: string
  dataDir: string
  onDamaged: (keptAs: string) => void
}): Promise<CredentialStore> {
  const inside = relative(resolve(options.dataDir), resolve(options.keyFile))
  if (inside !== '' && !inside.startsWith('..')) {
    throw new CameraProblem('no-key', { detail: 'keyFile inside dataDir' })
  }
  const key = await loadKey(options.keyFile)
  const parsed = await readJsonWhole(options.file, options.onDamaged)
  if (isObject(parsed) && parsed['v'] !== undefined && parsed['v'] !== version) {
    throw new CameraProblem('no-key', { detail: 'credentials.json of a newer program' })
  }
  const cameras = isObject(parsed) && isObject(parsed['cameras']) ? parsed['cameras'] : {}
  return new CredentialStore({
    file: options.file,
    key,
    sealed: new Map(Object.entries(cameras) as [string, Sealed][]),
  })
}

async function loadKey(keyFile: string): Promise<Buffer> {
  const known = await readWhole(keyFile)
  if (known !== undefined) {
    const { mode } = await stat(keyFile)
    if ((mode & 0o077) !== 0) throw new CameraProblem('no-key', { detail: 'keyFile: chmod 600' })
    const key = Buffer.from(known.trim(), 'base64')
    if (key.length !== keyBytes) throw new CameraProblem('no-key', { detail: 'keyFile: 32 bytes, base64' })
    return key
  }
  const key = randomBytes(keyBytes)
  // 'wx': two programs that start at the same time must not overwrite each other's key.
  const handle = await open(keyFile, 'wx', 0o600)
  try {
    await handle.writeFile(`${key.toString('base64')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return key
}
