// Habits of snapshot pages: sign-in, framing of answers, and other content than a picture.
import { gzipSync } from 'node:zlib'
import { answeredNonce } from './digest-check.ts'
import { account, type Words } from './habit.ts'
import type { PageAnswer, PageHabit } from './page-camera.ts'

const ok = (headers: string): string => `HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n${headers}\r\n`
const whole = (answer: PageAnswer, picture: Uint8Array): void =>
  answer.end(ok(`Content-Length: ${picture.length}\r\n`), picture)

const refusal = (challenge: string, more = 'Connection: close\r\nContent-Length: 0\r\n'): string =>
  `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: ${challenge}\r\n${more}\r\n`

const digest = (nonce: string, realm = 'cam', more = ''): string =>
  `Digest realm="${realm}", qop="auth", nonce="${nonce}"${more}`

/** Asks for a digest over this realm; its nonces never expire. */
function realmHabit(name: string, realm: string, does: Words): PageHabit {
  return {
    name,
    does,
    we: {
      zh: '原样按字节送回并计算',
      en: 'sends it back and hashes it byte for byte: a header carries bytes, not characters',
    },
    serve: ({ headers, method }, answer, picture) => {
      if (answeredNonce(headers['authorization'], method, realm) === 'n1') return whole(answer, picture)
      answer.end(refusal(digest('n1', realm.replaceAll('"', '\\"'))))
    },
  }
}

export const signInHabits: PageHabit[] = [
  {
    name: 'nonce-expires-at-once',
    does: {
      zh: '第一次给的 nonce 已过期，再给一个并写 stale=true',
      en: 'its first nonce has run out: it sends another with stale=true',
    },
    we: { zh: '马上用新的再签一次：密码没有错', en: 'signs again at once: the password is not wrong' },
    serve: ({ headers, method }, answer, picture) => {
      const nonce = answeredNonce(headers['authorization'], method)
      if (nonce === 'n2') return whole(answer, picture)
      const isLate = nonce === 'n1'
      answer.end(refusal(digest(isLate ? 'n2' : 'n1', 'cam', isLate ? ', stale=true' : '')))
    },
  },
  {
    name: 'nonce-of-the-connection',
    does: { zh: 'nonce 只在同一个连接上有效', en: 'ties its nonce to the connection' },
    we: {
      zh: '摄像机保持连接时，就在这个连接上签名',
      en: 'signs on the same connection where the camera keeps it open',
    },
    serve: ({ headers, method }, answer, picture) => {
      const nonce = answeredNonce(headers['authorization'], method)
      if (nonce !== undefined && nonce === answer.connection.nonce) return whole(answer, picture)
      answer.connection.nonce = `c${++answer.memory.count}`
      answer.write(refusal(digest(answer.connection.nonce), 'Content-Length: 0\r\n'))
    },
  },
  realmHabit('realm-in-utf8', Buffer.from('网络摄像机', 'utf8').toString('latin1'), {
    zh: 'realm 是 UTF-8 的中文',
    en: 'its realm is Chinese in UTF-8',
  }),
  realmHabit('realm-in-latin1', 'Cam\xe9ra "A", (C1)', {
    zh: 'realm 是 Latin-1，还带引号和逗号',
    en: 'its realm is in Latin-1, with quotes and a comma inside',
  }),
  {
    name: 'forbidden-instead-of-unauthorized',
    does: { zh: '没有登录时答 403，不说要怎样登录', en: 'answers 403 before any sign-in and asks for none' },
    we: {
      zh: '配置了 auth: basic 就送出；否则不猜',
      en: 'sends the password where `auth: basic` says so, and does not guess otherwise',
    },
    auth: 'basic',
    serve: ({ headers }, answer, picture) => {
      const basic = Buffer.from(`${account.user}:${account.password}`).toString('base64')
      if (headers['authorization'] === `Basic ${basic}`) return whole(answer, picture)
      answer.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
    },
  },
  {
    name: 'refusal-without-end',
    does: { zh: '401 没有长度，连接也不关', en: 'its 401 has no length and the connection stays open' },
    we: { zh: '读到要求登录的头就够了', en: 'the head with its challenge is enough' },
    serve: ({ headers, method }, answer, picture) => {
      if (answeredNonce(headers['authorization'], method) === 'n1') return whole(answer, picture)
      answer.write(refusal(digest('n1'), ''))
    },
  },
  {
    name: 'folded-challenge',
    does: { zh: '登录要求分成几行写', en: 'folds its challenge over several lines' },
    we: { zh: '按规范把续行接起来', en: 'joins the lines, as RFC 9112 has it' },
    serve: ({ headers, method }, answer, picture) => {
      if (answeredNonce(headers['authorization'], method) === 'n1') return whole(answer, picture)
      answer.end(refusal(digest('n1').replaceAll(', ', ',\r\n  ')))
    },
  },
]

const boundaryTypes = 'HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=bnd\r\n\r\n'

/** Motion JPEG without end: `first` is sent before the first picture. */
function motionHabit(name: string, does: Words, head: string, first: string): PageHabit {
  return {
    name,
    does,
    we: {
      zh: '取第一张完整的图片就停',
      en: 'takes the first whole picture and stops: a JPEG tells its own end',
    },
    serve: (_, answer, picture) => answer.write(head, first, picture, '\r\n'),
  }
}

export const framingHabits: PageHabit[] = [
  {
    name: 'chunked-and-length',
    does: { zh: '分块传输，同时写一个错误的长度', en: 'sends chunks beside a wrong Content-Length' },
    we: { zh: '以分块为准（RFC 9112 第 6.3 节）', en: 'believes the chunks (RFC 9112, 6.3)' },
    serve: (_, answer, picture) =>
      answer.end(
        ok('Transfer-Encoding: chunked\r\nContent-Length: 12\r\n'),
        `${picture.length.toString(16)}\r\n`,
        picture,
        '\r\n0\r\n\r\n',
      ),
  },
  {
    name: 'gzip-not-asked-for',
    does: { zh: '没有要求也压缩', en: 'packs its answer although it was asked not to' },
    we: {
      zh: '要求不压缩；压缩了就有限度地解开',
      en: 'asks for `identity`, and unpacks within the bound of a picture',
    },
    serve: (_, answer, picture) => answer.end(ok('Content-Encoding: gzip\r\n'), gzipSync(picture)),
  },
  {
    name: 'never-closes',
    does: { zh: '没有长度，也不关连接', en: 'gives no length and never closes' },
    we: { zh: 'JPEG 到了自己的结尾就算完', en: 'a JPEG ends at its own end' },
    serve: (_, answer, picture) => answer.write(ok(''), picture),
  },
  {
    name: 'length-too-long',
    does: {
      zh: '长度写得比图片长，连接不关',
      en: 'says a length that is longer than its picture, and waits',
    },
    we: { zh: 'JPEG 到了自己的结尾就算完', en: 'a JPEG ends at its own end' },
    serve: (_, answer, picture) => answer.write(ok(`Content-Length: ${picture.length + 2}\r\n`), picture),
  },
  {
    name: 'length-too-short',
    does: { zh: '长度写得比图片短', en: 'says a length that is shorter than its picture' },
    we: {
      zh: '读到 JPEG 自己的结尾',
      en: 'reads on to the end of the JPEG where more of it comes',
    },
    serve: (_, answer, picture) => answer.write(ok(`Content-Length: ${picture.length - 100}\r\n`), picture),
  },
  {
    name: 'sends-png',
    does: { zh: '送来的是 PNG', en: 'sends a PNG' },
    we: {
      zh: '说出是哪一种图片，请人改选 JPEG',
      en: 'names the kind and asks a person to choose JPEG: each decoder more is a door more',
    },
    problem: 'picture-kind',
    serve: (_, answer) => answer.end(ok(''), '\x89PNG\r\n\x1a\n and so on'),
  },
  {
    name: 'busy',
    does: { zh: '观看的人太多时答 503', en: 'answers 503 when too many watch it' },
    we: { zh: '说它正忙；下一张再问', en: 'says that it is busy, and asks again for the next picture' },
    problem: 'camera-busy',
    serve: (_, answer) => answer.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'),
  },
  {
    name: 'busy-for-a-second',
    does: { zh: '答 503，写 Retry-After: 1', en: 'answers 503 with Retry-After: 1' },
    we: {
      zh: '时限容得下就等这么久，再问一次，只再问一次',
      en: 'waits as long as it says where the deadline has room, and asks once more, not twice',
    },
    serve: (_, answer, picture) => {
      if (answer.memory.count++ > 0) return whole(answer, picture)
      answer.end('HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n')
    },
  },
  {
    name: 'icy',
    does: { zh: '状态行写 ICY', en: 'calls its protocol ICY' },
    we: { zh: '当作 HTTP 读', en: 'reads it as HTTP' },
    serve: (_, answer, picture) => answer.end('ICY 200 OK\r\nContent-Type: image/jpeg\r\n\r\n', picture),
  },
  {
    name: 'junk-before-picture',
    does: { zh: '图片前面有几百字节杂物', en: 'sends some hundred bytes of junk before its picture' },
    we: {
      zh: '4 KB 以内的杂物跳过；网页里的图片不算',
      en: 'skips up to 4 KB of it; a picture inside a web page does not count',
    },
    serve: (_, answer, picture) => answer.end(ok(''), Buffer.alloc(600, 0x20), picture),
  },
  motionHabit(
    'motion-line-feeds',
    { zh: '动态 JPEG 只用换行符', en: 'motion JPEG with line feeds alone' },
    boundaryTypes,
    '--bnd\nContent-Type: image/jpeg\n\n',
  ),
  motionHabit(
    'motion-preamble',
    { zh: '动态 JPEG 前有说明文字', en: 'motion JPEG behind a preamble' },
    boundaryTypes,
    'This is a preamble\r\n\r\n--bnd\r\nContent-Type: image/jpeg\r\n\r\n',
  ),
  motionHabit(
    'motion-first-part-empty',
    { zh: '动态 JPEG 的第一部分是空的', en: 'motion JPEG whose first part is empty' },
    boundaryTypes,
    '--bnd\r\nContent-Length: 0\r\n\r\n\r\n--bnd\r\n\r\n',
  ),
  motionHabit(
    'motion-text-first',
    { zh: '动态 JPEG 的第一部分是文字', en: 'motion JPEG whose first part is text' },
    boundaryTypes,
    '--bnd\r\nContent-Type: text/plain\r\n\r\nhello\r\n--bnd\r\n\r\n',
  ),
  motionHabit(
    'motion-said-to-be-one',
    { zh: '动态 JPEG 自称是一张图片', en: 'motion JPEG that says it is one picture' },
    ok(''),
    '--bnd\r\nContent-Type: image/jpeg\r\n\r\n',
  ),
  motionHabit(
    'motion-without-boundaries',
    { zh: '图片一张接一张，没有分隔', en: 'picture after picture with nothing between them' },
    'HTTP/1.1 200 OK\r\nContent-Type: video/x-motion-jpeg\r\n\r\n',
    '',
  ),
  {
    name: 'sends-to-another-host',
    does: { zh: '转到另一台主机', en: 'redirects to another host' },
    we: {
      zh: '不去：密码只给配置里的摄像机',
      en: 'does not go there: the password is for the camera of the configuration',
    },
    problem: 'foreign-host',
    serve: (_, answer) =>
      answer.end('HTTP/1.1 302 Found\r\nLocation: http://10.9.9.9/x.jpg\r\nContent-Length: 0\r\n\r\n'),
  },
  {
    name: 'login-page-for-a-picture',
    does: { zh: '用登录网页代替图片，状态还是 200', en: 'answers a login page with status 200' },
    we: { zh: '说清楚送来的是网页', en: 'says that it is a page' },
    problem: 'not-a-picture',
    serve: (_, answer) =>
      answer.end('HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n<!DOCTYPE html><html>log in</html>'),
  },
]
