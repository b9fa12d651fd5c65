// Many ordinary snapshot cameras in a separate process; each picture differs by a comment.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toCoefficients, type Plane } from '../../../platform/jpeg/jpeg-planes.ts'
import { writeJpeg } from '../../../platform/jpeg/write-jpeg.ts'
import { runElsewhere } from '../../bench/load/elsewhere.ts'

const [width, height] = [1280, 720]

/** Walls, edges and some noise: as many bytes as a street scene has. */
function drawPicture(): Buffer {
  const plane = (of: (x: number, y: number) => number): Plane => ({
    h: 1,
    v: 1,
    width,
    height,
    samples: Uint8Array.from({ length: width * height }, (_, i) => of(i % width, Math.floor(i / width))),
  })
  const luma = plane((x, y) => 70 + ((x >> 6) ^ (y >> 5)) * 4 + (((x * 7919 + y * 104_729) >>> 3) & 15))
  const colour = plane((x, y) => 110 + ((x + y) >> 6))
  return Buffer.from(writeJpeg(toCoefficients({ width, height, planes: [luma, colour, colour] }, 75)))
}

async function open(count: number): Promise<number[]> {
  const picture = drawPicture()
  let taken = 0
  const ports: number[] = []
  for (let i = 0; i < count; i++) {
    const server = createServer((_, response) => {
      const text = Buffer.from(`n${++taken}`)
      response.writeHead(200, { 'content-type': 'image/jpeg' })
      const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), text])
      response.end(Buffer.concat([picture.subarray(0, 2), comment, picture.subarray(2)]))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as AddressInfo).port)
  }
  return ports
}

runElsewhere()
process.on('disconnect', () => process.exit())
process.send?.(await open(Number(process.argv[2])))
