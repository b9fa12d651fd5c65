// Creates and stores the password of one device, for the installer's command line.
import { isDeviceId } from '../../protocols/domain/names.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import { writePasswordEntry } from '../broker/credentials/password-file.ts'
import { hashPassword } from '../broker/credentials/passwords.ts'

/** Writes the hash of a new password for `device` into the file and returns the password: it can not be read later. */
export async function writeDevicePassword(file: string | undefined, device: string): Promise<Result<string>> {
  if (file === undefined) return bad('set mqtt.passwordFile in the config first')
  if (!isDeviceId(device))
    return bad(
      `${JSON.stringify(device)} is not a valid device id: allowed are letters, digits, dot, dash, underscore`,
    )
  const random = createSystemRandom()
  const password = random.hex(12)
  try {
    await writePasswordEntry(file, device, await hashPassword(password, random))
  } catch (error) {
    return bad(`${file}: ${(error as Error).message}`)
  }
  return ok(password)
}
