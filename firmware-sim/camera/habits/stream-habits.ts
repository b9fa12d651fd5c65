// Habits of RTSP servers: messages around a stream. Each changes an ordinary server's messages.
import type { Habit } from './habit.ts'

export interface StreamHabit extends Habit {
  /** Changes an answer of the camera to a request of this method. */
  answer?(method: string, text: string, count: number): string
  /** Sent before the first packet, between packets. */
  junk?: string
  /** Sends this request to the client after SETUP. */
  asks?: string
  /** Closes after its first challenge. */
  closesAfterRefusal?: boolean
}

const understood = { zh: '照样读懂', en: 'reads it all the same' }

export const streamHabits: StreamHabit[] = [
  {
    name: 'line-feeds-alone',
    does: { zh: '只用换行符', en: 'ends its lines with line feeds alone' },
    we: understood,
    answer: (_, text) => text.replaceAll('\r\n', '\n'),
  },
  {
    name: 'blank-lines-ahead',
    does: { zh: '应答前有空行', en: 'puts blank lines ahead of its answers' },
    we: understood,
    answer: (_, text) => `\r\n\r\n${text}`,
  },
  {
    name: 'options-not-implemented',
    does: { zh: 'OPTIONS 答 501', en: 'answers OPTIONS with 501' },
    we: { zh: '不需要它：继续要视频流', en: 'goes on: it is not needed to ask for the stream' },
    answer: (method, text) => (method === 'OPTIONS' ? text.replace('200 OK', '501 Not Implemented') : text),
  },
  {
    name: 'asks-back',
    does: { zh: '中途反过来问我们', en: 'asks us something in the middle' },
    we: { zh: '回答 200', en: 'answers 200' },
    asks: 'OPTIONS rtsp://client/ RTSP/1.0\r\nCSeq: 77\r\n\r\n',
  },
  {
    name: 'junk-between-packets',
    does: { zh: '数据包之间有杂物', en: 'puts junk between its packets' },
    we: { zh: '丢掉杂物，只把完整的包交给 ffmpeg', en: 'drops it: ffmpeg gets whole packets only' },
    junk: '$\x09\0\x05abcdegarbage\r\nmore garbage',
  },
  {
    name: 'closes-after-refusal',
    does: { zh: '要求登录以后断开', en: 'closes the connection behind its challenge' },
    we: { zh: '重新连接，带着签名再问', en: 'connects again and asks with the signature' },
    closesAfterRefusal: true,
  },
]
