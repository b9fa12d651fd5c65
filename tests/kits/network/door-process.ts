// Runs inside a network namespace and leads into it: each connection to its Unix socket names a port of that
// namespace's loopback in its first line and is joined to it.
import { connect, createServer } from 'node:net'

const lineBytesMax = 16
const path = process.argv[2] ?? ''

const server = createServer({ allowHalfOpen: true }, (visitor) => {
  let head = Buffer.alloc(0)
  const hear = (data: Buffer): void => {
    head = Buffer.concat([head, data])
    const end = head.indexOf(10)
    if (end < 0 && head.length <= lineBytesMax) return
    visitor.off('data', hear)
    visitor.pause()
    const inside = connect({
      host: '127.0.0.1',
      port: Number(head.subarray(0, end).toString()),
      noDelay: true,
      allowHalfOpen: true,
    })
    inside.on('error', () => visitor.destroy())
    inside.on('close', () => visitor.destroy())
    visitor.on('close', () => inside.destroy())
    inside.write(head.subarray(end + 1))
    visitor.pipe(inside).pipe(visitor)
  }
  visitor.on('error', () => visitor.destroy())
  visitor.on('data', hear)
})
server.listen(path, () => process.stdout.write('ready\n'))
// When the parent ends, this process ends too.
process.stdin.on('end', () => process.exit(0)).resume()
