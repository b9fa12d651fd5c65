// Habits of pull points, byte for byte: the required parts of a request and the form of the answers. Each delivers one
// motion.
import { fault, notification } from '../onvif-answers.ts'
import { notSupported, type OnvifCall, type OnvifHabit, type OnvifReply } from './onvif-camera.ts'

const motion = notification('RuleEngine/CellMotionDetector/Motion', 'IsMotion', true, 0)
const pulled = (xml: string, message = motion): OnvifReply => ({
  xml: xml.replace('</tev:PullMessagesResponse>', `${message}</tev:PullMessagesResponse>`),
})

/** The first pull delivers this message; `check` false refuses every request to the subscription. */
function eventHabit(
  name: string,
  does: OnvifHabit['does'],
  we: OnvifHabit['we'],
  serve: (call: OnvifCall) => OnvifReply | undefined,
): OnvifHabit {
  return {
    name,
    does,
    we,
    serve: (call) => serve(call) ?? (call.operation === 'PullMessages' ? pulled(call.usual) : undefined),
  }
}

const pullAction = 'http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesRequest'
const isAbout = ({ operation }: OnvifCall): boolean => /^(PullMessages|Renew|Unsubscribe)$/.test(operation)
const read = { zh: '照样读懂', en: 'reads it all the same' }

export const eventHabits: OnvifHabit[] = [
  eventHabit(
    'reference-parameters',
    { zh: '用引用参数区分订阅', en: 'tells its subscriptions apart by reference parameters' },
    { zh: '每个请求的头里原样带回', en: 'sends them back in the header of every request about it' },
    (call) => {
      if (call.operation === 'CreatePullPointSubscription') {
        const id = '<wsa5:ReferenceParameters><d:Id xmlns:d="urn:sub">7</d:Id></wsa5:ReferenceParameters>'
        return {
          xml: call.usual.replace('</tev:SubscriptionReference>', `${id}</tev:SubscriptionReference>`),
        }
      }
      const isNamed = /<d:Id [^>]*xmlns:d="urn:sub"[^>]*>7<|<d:Id xmlns:d="urn:sub"[^>]*>7</.test(call.body)
      return isAbout(call) && !isNamed
        ? { status: 500, xml: fault('ResourceUnknownFault', 'no such subscription') }
        : undefined
    },
  ),
  eventHabit(
    'needs-wsa-action',
    { zh: '没有 wsa:Action 就拒绝', en: 'refuses a pull without `wsa:Action`' },
    { zh: '总是带上', en: 'sends it always' },
    ({ operation, body }) =>
      operation === 'PullMessages' && !body.includes(`>${pullAction}</a:Action>`) ? notSupported : undefined,
  ),
  eventHabit(
    'refuses-a-minute',
    { zh: '不接受一分钟的等待，给出上限', en: 'refuses a pull of a minute and names its longest' },
    { zh: '按它给的上限再问', en: 'asks again for as long as it allows' },
    ({ operation, body, usual }) => {
      const seconds = Number(/<Timeout>PT(\d+)S</.exec(body)?.[1] ?? 0)
      if (operation !== 'PullMessages' || seconds <= 10) return undefined
      const detail =
        '<s:Detail><tev:PullMessagesFaultResponse><tev:MaxTimeout>PT10S</tev:MaxTimeout></tev:PullMessagesFaultResponse></s:Detail>'
      void usual
      return {
        status: 500,
        xml: fault('InvalidArgVal', 'too long').replace('</s:Fault>', `${detail}</s:Fault>`),
      }
    },
  ),
  eventHabit(
    'times-missing',
    { zh: '订阅不写时间', en: 'gives its subscription no times' },
    read,
    ({ operation, usual }) =>
      operation === 'CreatePullPointSubscription'
        ? { xml: usual.replaceAll(/<wsnt:(Current|Termination)Time>[^<]*<\/wsnt:\w+>/g, '') }
        : undefined,
  ),
  eventHabit(
    'times-in-the-past',
    { zh: '订阅的期限已过去', en: 'gives its subscription a term that is over' },
    read,
    ({ operation, usual }) =>
      operation === 'CreatePullPointSubscription'
        ? { xml: usual.replace(/TerminationTime>[^<]*</, 'TerminationTime>1970-01-01T00:00:00Z<') }
        : undefined,
  ),
  eventHabit('true-with-capital', { zh: '真值写 True', en: 'writes `True`' }, read, ({ operation, usual }) =>
    operation === 'PullMessages' ? pulled(usual, motion.replace('"true"', '"True"')) : undefined,
  ),
  eventHabit(
    'topic-with-blanks',
    {
      zh: '主题前后有空白，没有 Dialect，前缀不同',
      en: 'puts blanks around its topic, under a prefix of its own, without a dialect',
    },
    read,
    ({ operation, usual }) =>
      operation === 'PullMessages'
        ? pulled(usual, motion.replace(/<wsnt:Topic[^>]*>tns1:([^<]*)</, '<wsnt:Topic>\n ns7:$1 \n<'))
        : undefined,
  ),
  eventHabit(
    'subscription-elsewhere',
    { zh: '订阅地址写 0.0.0.0', en: 'puts its subscription at 0.0.0.0' },
    { zh: '路径有效，主机换成配置里的', en: 'takes the path and the host of the configuration' },
    ({ operation, usual }) =>
      operation === 'CreatePullPointSubscription'
        ? { xml: usual.replace(/Address>http:\/\/127\.0\.0\.1:\d+/, 'Address>http://0.0.0.0:80') }
        : undefined,
  ),
]
