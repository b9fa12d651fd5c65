// The simulated camera's SOAP answers: the part of ONVIF that a real client needs, in the form of the standard.

const envelope = (body: string): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" ' +
  'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" ' +
  'xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" ' +
  'xmlns:wsa5="http://www.w3.org/2005/08/addressing" xmlns:ter="http://www.onvif.org/ver10/error">' +
  `<s:Body>${body}</s:Body></s:Envelope>`

export function fault(code: string, reason: string): string {
  return envelope(
    `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:${code}</s:Value></s:Subcode></s:Code>` +
      `<s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault>`,
  )
}

export interface AnswerFacts {
  /** `http://host:port` by which the camera names itself. */
  base: string
  streamUri: string
  snapshotUri: string | undefined
  cameraTimeMs: number
  notifications: string[]
}

/** The answer to a request, undefined for an unsupported one. */
export function answerTo(request: string, facts: AnswerFacts): string | undefined {
  const make = answers[operationOf(request)]
  return make?.(facts)
}

/** The first element of the body, such as `GetProfiles`. */
export function operationOf(request: string): string {
  return /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(request)?.[1] ?? ''
}

const answers: Record<string, (facts: AnswerFacts) => string> = {
  GetSystemDateAndTime: ({ cameraTimeMs }) => {
    const time = new Date(cameraTimeMs)
    return envelope(
      '<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>' +
        '<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone><tt:UTCDateTime>' +
        `<tt:Time><tt:Hour>${time.getUTCHours()}</tt:Hour><tt:Minute>${time.getUTCMinutes()}</tt:Minute>` +
        `<tt:Second>${time.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${time.getUTCFullYear()}</tt:Year>` +
        `<tt:Month>${time.getUTCMonth() + 1}</tt:Month><tt:Day>${time.getUTCDate()}</tt:Day></tt:Date>` +
        '</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>',
    )
  },
  GetServices: ({ base }) => {
    const service = (namespace: string, path: string): string =>
      `<tds:Service><tds:Namespace>http://www.onvif.org/ver10/${namespace}/wsdl</tds:Namespace>` +
      `<tds:XAddr>${base}${path}</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>`
    return envelope(
      `<tds:GetServicesResponse>${service('device', '/onvif/device_service')}${service('media', '/onvif/media')}` +
        `${service('events', '/onvif/events')}</tds:GetServicesResponse>`,
    )
  },
  GetDeviceInformation: () =>
    envelope(
      '<tds:GetDeviceInformationResponse><tds:Manufacturer>Gengfu</tds:Manufacturer><tds:Model>Simulated camera</tds:Model>' +
        '<tds:FirmwareVersion>1.0</tds:FirmwareVersion><tds:SerialNumber>SIM-0001</tds:SerialNumber>' +
        '<tds:HardwareId>sim</tds:HardwareId></tds:GetDeviceInformationResponse>',
    ),
  GetProfiles: () =>
    envelope(
      '<trt:GetProfilesResponse><trt:Profiles token="main" fixed="true"><tt:Name>main</tt:Name>' +
        '<tt:VideoSourceConfiguration token="vsc"><tt:Name>vsc</tt:Name><tt:SourceToken>vs</tt:SourceToken></tt:VideoSourceConfiguration>' +
        '<tt:VideoEncoderConfiguration token="vec"><tt:Name>vec</tt:Name><tt:Encoding>JPEG</tt:Encoding>' +
        '<tt:Resolution><tt:Width>640</tt:Width><tt:Height>352</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration>' +
        '</trt:Profiles></trt:GetProfilesResponse>',
    ),
  GetSnapshotUri: ({ snapshotUri }) =>
    snapshotUri === undefined
      ? fault('ActionNotSupported', 'Optional action not implemented')
      : envelope(
          `<trt:GetSnapshotUriResponse><trt:MediaUri>${mediaUri(snapshotUri)}</trt:MediaUri></trt:GetSnapshotUriResponse>`,
        ),
  GetStreamUri: ({ streamUri }) =>
    envelope(
      `<trt:GetStreamUriResponse><trt:MediaUri>${mediaUri(streamUri)}</trt:MediaUri></trt:GetStreamUriResponse>`,
    ),
  CreatePullPointSubscription: ({ base, cameraTimeMs }) =>
    envelope(
      `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa5:Address>${base}/onvif/pull</wsa5:Address>` +
        `</tev:SubscriptionReference>${term(cameraTimeMs)}</tev:CreatePullPointSubscriptionResponse>`,
    ),
  PullMessages: ({ cameraTimeMs, notifications }) =>
    envelope(
      `<tev:PullMessagesResponse><tev:CurrentTime>${stamp(cameraTimeMs)}</tev:CurrentTime>` +
        `<tev:TerminationTime>${stamp(cameraTimeMs + 120_000)}</tev:TerminationTime>${notifications.join('')}` +
        '</tev:PullMessagesResponse>',
    ),
  Renew: ({ cameraTimeMs }) => envelope(`<wsnt:RenewResponse>${term(cameraTimeMs)}</wsnt:RenewResponse>`),
  Unsubscribe: () => envelope('<wsnt:UnsubscribeResponse/>'),
}

const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
const term = (ms: number): string =>
  `<wsnt:CurrentTime>${stamp(ms)}</wsnt:CurrentTime><wsnt:TerminationTime>${stamp(ms + 120_000)}</wsnt:TerminationTime>`
const mediaUri = (uri: string): string =>
  `<tt:Uri>${uri.replaceAll('&', '&amp;')}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>` +
  '<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>'

/** One notification, such as topic `RuleEngine/CellMotionDetector/Motion`, item `IsMotion`. */
export function notification(topic: string, item: string, isOn: boolean, atMs: number): string {
  return (
    `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:${topic}</wsnt:Topic>` +
    `<wsnt:Message><tt:Message UtcTime="${stamp(atMs)}" PropertyOperation="Changed"><tt:Source>` +
    `<tt:SimpleItem Name="Source" Value="vsc"/></tt:Source><tt:Data><tt:SimpleItem Name="${item}" Value="${isOn}"/></tt:Data>` +
    '</tt:Message></wsnt:Message></wsnt:NotificationMessage>'
  )
}
