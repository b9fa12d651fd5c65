// Passwords that attackers guess first: short ones, digits only, the user's own name, rows of the keyboard, and common
// words with digits around them.
import { lookup } from '../../protocols/kit/parse-json.ts'
import { passwordLengthMin } from './passwords.ts'

export const passwordLengthMax = 256

/** A password of digits only needs at least this many: birthdays and telephone numbers are shorter. */
const digitsAloneMin = 14

const commonWords = new Set(
  `password passwd passphrase pass admin administrator root user guest test tester demo login welcome letmein changeme
  change secret master manager operator supervisor maintainer installer gengfu centre center gateway village town desk
  qwerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc qwer qwert asdf zxcv poiuytrewq abc abcd abcde abcdef
  abcdefg abcdefgh iloveyou loveyou love monkey dragon sunshine princess football baseball basketball superman batman
  starwars trustno shadow michael jordan ashley bailey freedom whatever computer internet samsung google default
  woaini woaiwojia woaizhongguo zhongguo china beijing shanghai mima denglu guanli guanliyuan zhibanyuan zhongxin zhenzhongxin
  anquan jiankong shipin wangluo ceshi wode nihao nimen xiexie mima huanying hello helloworld system server oracle mysql
  summer winter spring autumn january monday company office security alarm camera hikvision dahua service`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

const rows = [
  '01234567890',
  '09876543210',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'abcdefghijklmnopqrstuvwxyz',
]

const leet: Record<string, string> = lookup({
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
})

export type PasswordFault = 'too-short' | 'too-long' | 'digits-alone' | 'common' | 'own-name'

export const passwordFaults: Record<PasswordFault, { zh: string; en: string }> = {
  'too-short': {
    zh: `密码至少 ${passwordLengthMin} 个字符`,
    en: `a password has at least ${passwordLengthMin} characters`,
  },
  'too-long': {
    zh: `密码最多 ${passwordLengthMax} 个字符`,
    en: `a password has at most ${passwordLengthMax} characters`,
  },
  'digits-alone': {
    zh: '纯数字密码太容易猜到：请加上文字',
    en: 'digits alone are guessed soon: add words',
  },
  common: {
    zh: '这个密码太常见：请用几个不相关的词组成',
    en: 'this password is a common one: use several words that do not belong together',
  },
  'own-name': { zh: '密码不能包含用户名', en: 'a password must not contain the user name' },
}

/** Why `password` is too weak for `user`; undefined when it is strong enough. */
export function findPasswordFault(user: string, password: string): PasswordFault | undefined {
  const text = password.normalize('NFKC')
  if (text.length < passwordLengthMin) return 'too-short'
  if (text.length > passwordLengthMax) return 'too-long'
  if (/^[\d\s.,:/-]+$/.test(text) && text.replaceAll(/\D/g, '').length < digitsAloneMin) return 'digits-alone'
  const lower = text.toLowerCase()
  const name = user.normalize('NFKC').toLowerCase()
  if (name.length >= 3 ? lower.includes(name) : lower === name.repeat(Math.ceil(lower.length / name.length)))
    return 'own-name'
  return isCommon(lower) ? 'common' : undefined
}

function isCommon(text: string): boolean {
  if (new Set(text).size <= 3) return true
  const withoutEnds = text.replaceAll(/^[^a-z@$]+|[^a-z]+$/g, '')
  const plain = withoutEnds.replaceAll(/[013457@$!]/g, (sign) => leet[sign] ?? sign)
  for (const form of [text, plain]) {
    const word = form.replaceAll(/^[^a-z]+|[^a-z]+$/g, '')
    const letters = form.replaceAll(/[^a-z]/g, '')
    if ([word, letters].some((one) => one !== '' && isMadeOfCommonWords(one))) return true
    if (form.length >= 4 && rows.some((row) => `${row}${row}`.includes(form))) return true
  }
  return false
}

/** One common word, or up to three of them in a row: `adminadmin`, `iloveyoupassword`. */
function isMadeOfCommonWords(text: string, wordsMax = 3): boolean {
  if (commonWords.has(text)) return true
  if (wordsMax === 1) return false
  for (let at = 3; at <= text.length - 3; at++)
    if (commonWords.has(text.slice(0, at)) && isMadeOfCommonWords(text.slice(at), wordsMax - 1)) return true
  return false
}
