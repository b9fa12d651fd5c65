// One-time codes for new boxes: 12 random characters of an alphabet without look-alikes, and a check character that finds
// a wrong or swapped one before anything is sent.
import { bad, ok, type Result } from '../kit/result.ts'

/** Crockford's Base32: no I, L, O and U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const bits = 5
export const codeCharacters = 12
/** Random bytes that make a code: 60 bits are used. */
export const codeBytes = 8

/** Luhn's sum to the base 32: any one wrong character changes it, and nearly every swap of two neighbours. */
function checkCharacter(code: string): string {
  let sum = 0
  for (let i = 0; i < code.length; i++) {
    const value = alphabet.indexOf(code.charAt(code.length - 1 - i)) * (i % 2 === 0 ? 2 : 1)
    sum += Math.floor(value / alphabet.length) + (value % alphabet.length)
  }
  return alphabet[(alphabet.length - (sum % alphabet.length)) % alphabet.length] ?? ''
}

/** `XXXX-XXXX-XXXX-C` of at least eight random bytes. */
export function createEnrolmentCode(random: Uint8Array): string {
  let value = 0n
  for (const byte of random.subarray(0, codeBytes)) value = (value << 8n) | BigInt(byte)
  let code = ''
  for (let i = 0; i < codeCharacters; i++) code += alphabet[Number((value >> BigInt(i * bits)) & 31n)] ?? ''
  return shown(code)
}

function shown(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4, 8)}-${code.slice(8)}-${checkCharacter(code)}`
}

/** What a person typed, in the form of `createEnrolmentCode`: O is read as 0, I and L as 1; blanks and dashes do not matter. */
export function parseEnrolmentCode(typed: string): Result<string> {
  const plain = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (plain.length !== codeCharacters + 1) return bad(`13 characters, got ${plain.length}`)
  const wrong = plain.split('').find((character) => !alphabet.includes(character))
  if (wrong !== undefined) return bad(`no code has the character ${JSON.stringify(wrong)}`)
  const code = plain.slice(0, codeCharacters)
  if (checkCharacter(code) !== plain.at(-1)) return bad('one character is wrong, or two are swapped')
  return ok(shown(code))
}

export interface EnrolmentLink {
  /** `https://town.example`, without a slash at its end. */
  centre: string
  code: string
  /** SHA-256 of the authority's public key, in hexadecimal. */
  authority: string
}

/** The address in the QR code. Code and hash stand in the fragment, so that they are in the log of no server. */
export const enrolmentUrl = ({ centre, code, authority }: EnrolmentLink): string =>
  `${centre}/e#${code}.${authority}`

/** The parts of such an address. */
export function parseEnrolmentUrl(text: string): Result<EnrolmentLink> {
  const [, centre, code = '', authority] =
    /^(https?:\/\/[^\s#?]{1,300}?)\/e#([0-9A-Za-z-]{13,20})\.([0-9a-f]{64})$/.exec(text.trim()) ?? []
  if (centre === undefined || authority === undefined)
    return bad('an address such as https://town.example/e#CODE.HASH')
  const parsed = parseEnrolmentCode(code)
  return parsed.ok ? ok({ centre, code: parsed.value, authority }) : parsed
}
