// Whatever a camera sends, the parsers answer: no exception, no hang.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawScene } from '../../firmware-sim/camera/scene.ts'
import { CameraProblem } from '../../gateway/cameras/talk/camera-problem.ts'
import { readingsOf } from '../../gateway/cameras/talk/onvif/event-readings.ts'
import { parseChallenges } from '../../gateway/cameras/talk/http/http-auth.ts'
import { HttpReader } from '../../gateway/cameras/talk/http/http-reader.ts'
import { parseSoap } from '../../gateway/cameras/talk/onvif/soap-envelope.ts'
import { parseSoapXml, xmlOf, type XmlElement } from '../../gateway/cameras/talk/onvif/soap-xml.ts'
import { workPicture } from '../../gateway/cameras/pictures/picture-work.ts'
import { RtspReader } from '../../gateway/cameras/talk/stream/rtsp-message.ts'
import { parseProbeMatches } from '../../gateway/cameras/talk/onvif/ws-discovery.ts'
import { toCoefficients, toPlanes } from '../../platform/jpeg/jpeg-planes.ts'
import { parseJpeg } from '../../platform/jpeg/parse-jpeg.ts'
import { writeJpeg } from '../../platform/jpeg/write-jpeg.ts'

const scene = drawScene({ atMs: 0, waterLevelMm: 500, isDoorOpen: false, isDark: false, isCovered: false })

/** The input that breaks the property, with its seed; empty if none does. */
function broken<T>(property: fc.IProperty<T>, options: fc.Parameters<T>): string {
  const details = fc.check(property, options)
  return details.failed ? (fc.defaultReportMessage(details) ?? 'failed') : ''
}

describe('pictures', () => {
  it('with bytes changed, cut or added never throw, and what passes can be written again', () => {
    const change = fc.record({ at: fc.nat(scene.length - 1), to: fc.nat(255) })
    expect(
      broken(
        fc.property(fc.array(change, { maxLength: 20 }), fc.nat(scene.length), (changes, length) => {
          const bytes = Uint8Array.from(scene)
          for (const { at, to } of changes) bytes[at] = to
          const result = workPicture(bytes.subarray(0, changes.length % 2 === 0 ? bytes.length : length), [])
          return !result.ok || parseJpeg(result.picture.preview.bytes).ok
        }),
        { numRuns: 150 },
      ),
    ).toBe('')
  })

  it('of random bytes behind a true beginning never throw', () => {
    expect(
      broken(
        fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(620), (junk, keep) => {
          const bytes = Buffer.concat([scene.subarray(0, keep), junk, Buffer.from([0xff, 0xd9])])
          expect(typeof parseJpeg(bytes).ok).toBe('boolean')
        }),
        { numRuns: 500 },
      ),
    ).toBe('')
  })

  it('come back from parse and write unchanged, whatever their samples', () => {
    expect(
      broken(
        fc.property(
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 1, max: 40 }),
          fc.infiniteStream(fc.nat(255)),
          (width, height, samples) => {
            const plane = {
              h: 1,
              v: 1,
              width,
              height,
              samples: Uint8Array.from({ length: width * height }, () => samples.next().value as number),
            }
            const first = writeJpeg(toCoefficients({ width, height, planes: [plane] }, 90))
            const parsed = parseJpeg(first)
            if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
            expect(Buffer.from(writeJpeg(parsed.value)).equals(first)).toBe(true)
            expect(toPlanes(parsed.value, 1).planes).toHaveLength(1)
          },
        ),
        { numRuns: 60 },
      ),
    ).toBe('')
  })
})

const names = fc.constantFrom('Topic', 'Message', 'Data', 'SimpleItem', 'Source', 'Other')
const elementOf = (children: fc.Arbitrary<XmlElement[]>): fc.Arbitrary<XmlElement> =>
  fc.record({
    name: names,
    prefix: fc.constantFrom('', 'tt', 'a'),
    attributes: fc.dictionary(fc.constantFrom('Name', 'Value', 'PropertyOperation', 'tt:x'), fc.string()),
    scope: fc.constant({ '': 'urn:x', tt: 'urn:"<&' }),
    children,
    text: fc.string(),
  })
const twoOf = (one: fc.Arbitrary<XmlElement>): fc.Arbitrary<XmlElement[]> => fc.array(one, { maxLength: 2 })
const leaves = elementOf(fc.constant([]))
const elements = elementOf(twoOf(elementOf(twoOf(elementOf(twoOf(leaves))))))

describe('texts', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 2000, unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          'Digest ',
          'Basic',
          'realm=',
          '"',
          '\\',
          ',',
          'nonce="a=="',
          '<a:XAddrs>',
          '</',
          'ProbeMatch',
          '<s:Envelope>',
          '<s:Body>',
          '<',
          '>',
          'http://',
          ' ',
        ),
      )
      .map((parts) => parts.join('')),
  )

  it('of any kind never throw in the readers of challenges, probe matches, SOAP and events', () => {
    expect(
      broken(
        fc.property(texts, (text) => {
          expect(Array.isArray(parseChallenges([text]))).toBe(true)
          parseProbeMatches(text, '127.0.0.1')
          parseSoap(text)
        }),
        { numRuns: 1000 },
      ),
    ).toBe('')
    expect(
      broken(
        fc.property(elements, (element) => {
          readingsOf(element)
          // Values returned to a camera equal those it sent, whatever they are.
          expect(parseSoapXml(xmlOf(element))).toMatchObject({ name: element.name })
        }),
        { numRuns: 1000 },
      ),
    ).toBe('')
  })

  it('of any kind are an RTSP message, a packet, a wait or a CameraProblem', () => {
    const parts = fc.array(
      fc.oneof(
        fc.constantFrom(
          'RTSP/1.0 200 OK\r\n',
          '\r\n\r\n',
          '$\0\0\x03abc',
          'Content-Length: ',
          '5',
          '-1',
          ':',
          '\r\n',
        ),
        fc.string({ maxLength: 20 }),
      ),
      { maxLength: 30 },
    )
    expect(
      broken(
        fc.property(parts, (texts) => {
          const reader = new RtspReader()
          try {
            for (const text of texts) {
              reader.push(Buffer.from(text, 'latin1'))
              while (reader.next());
            }
          } catch (error) {
            return error instanceof CameraProblem
          }
          return true
        }),
        { numRuns: 1000 },
      ),
    ).toBe('')
  })

  it('split anywhere are the same HTTP answer, and junk is a CameraProblem', () => {
    const answer = Buffer.from(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\nTransfer-Encoding : chunked\nX: y\n\n5;x\r\nhello\r\n1\r\n!\r\n0\r\n\r\n',
      'latin1',
    )
    expect(
      broken(
        fc.property(fc.array(fc.nat(answer.length), { maxLength: 8 }), (cuts) => {
          const reader = new HttpReader(1000)
          const edges = [0, ...cuts.toSorted((a, b) => a - b), answer.length]
          for (let i = 1; i < edges.length; i++) reader.push(answer.subarray(edges[i - 1], edges[i]))
          expect(reader.isComplete).toBe(true)
          expect(reader.finish()).toMatchObject({ status: 200, body: Buffer.from('hello!') })
        }),
        { numRuns: 500 },
      ),
    ).toBe('')
    expect(
      broken(
        fc.property(fc.string(), fc.uint8Array({ maxLength: 300 }), (head, junk) => {
          const reader = new HttpReader(100)
          try {
            reader.push(Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`))
            reader.push(Buffer.from(junk))
            reader.finish()
          } catch (error) {
            return error instanceof CameraProblem
          }
          return true
        }),
        { numRuns: 500 },
      ),
    ).toBe('')
  })
})
