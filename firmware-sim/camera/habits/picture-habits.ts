// Habits of the pictures themselves: missing parts, size and orientation.
import type { Habit } from './habit.ts'

export interface PictureHabit extends Habit {
  /** Makes the habit of an ordinary baseline picture. */
  make: (picture: Buffer) => Buffer
  /** The expected result: unchanged, made by ffmpeg, or rotated by 90 degrees. */
  gives: 'same' | 'as-large' | 'turned' | 'smaller'
}

const marker = (picture: Buffer, code: number): number => picture.indexOf(Buffer.from([0xff, code]))
const without = (picture: Buffer, code: number): Buffer => {
  const at = marker(picture, code)
  if (at < 0) return picture
  return without(
    Buffer.concat([picture.subarray(0, at), picture.subarray(at + 2 + picture.readUInt16BE(at + 2))]),
    code,
  )
}
const behindStart = (picture: Buffer, segment: Buffer): Buffer =>
  Buffer.concat([picture.subarray(0, 2), segment, picture.subarray(2)])

/** An EXIF segment with one entry: the orientation. */
export function exif(orientation: number): Buffer {
  const entry = Buffer.from([0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0])
  const tiff = Buffer.concat([Buffer.from('Exif\0\0MM\0*', 'latin1'), entry])
  return Buffer.concat([Buffer.from([0xff, 0xe1, 0, tiff.length + 2]), tiff])
}

export const pictureHabits: PictureHabit[] = [
  {
    name: 'no-huffman-tables',
    does: { zh: '不带霍夫曼表（取自动态 JPEG）', en: 'leaves out its Huffman tables, as motion JPEG may' },
    we: {
      zh: '用标准表解码，保存时补上',
      en: 'decodes with those of the standard and keeps the picture with them',
    },
    make: (picture) => without(picture, 0xc4),
    gives: 'same',
  },
  {
    name: 'no-end-marker',
    does: { zh: '没有结尾标记', en: 'writes no end marker' },
    we: {
      zh: '每一块都解得出就是完整的，保存时补上',
      en: 'a picture with every block is whole, and is kept with its end',
    },
    make: (picture) => picture.subarray(0, -2),
    gives: 'same',
  },
  {
    name: 'lines-told-behind',
    does: {
      zh: '行数写在图片数据后面（DNL）',
      en: 'tells its number of lines behind the picture data (DNL)',
    },
    we: {
      zh: '到后面去找，保存时写到前面',
      en: 'looks for it there, and keeps it where other programs look',
    },
    make: (picture) => {
      const at = marker(picture, 0xc0) + 5
      const lines = picture.readUInt16BE(at)
      const bare = Buffer.from(picture)
      bare.writeUInt16BE(0, at)
      const dnl = Buffer.from([0xff, 0xdc, 0, 4, lines >> 8, lines & 0xff])
      return Buffer.concat([bare.subarray(0, -2), dnl, bare.subarray(-2)])
    },
    gives: 'same',
  },
  {
    name: 'rgb',
    does: { zh: '存的是红绿蓝', en: 'stores red, green and blue' },
    we: {
      zh: '用 ffmpeg 转换，遮挡和明暗才正确',
      en: 'has ffmpeg convert it, so that masks, preview and light are right',
    },
    make: (picture) =>
      behindStart(picture, Buffer.from([0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, 0])),
    gives: 'as-large',
  },
  {
    name: 'lies-on-its-side',
    does: { zh: '图片横放，用 EXIF 说明方向', en: 'lies on its side and says so in its EXIF data' },
    we: {
      zh: '用 ffmpeg 转正，遮挡才在对的地方',
      en: 'has ffmpeg turn it, so that masks lie where they should',
    },
    make: (picture) => behindStart(picture, exif(6)),
    gives: 'turned',
  },
  {
    name: 'too-large',
    does: { zh: '超过 3840 x 2160', en: 'is larger than 3840 x 2160' },
    we: {
      zh: '用 ffmpeg 缩小；超过 7680 x 4320 就说太大',
      en: 'has ffmpeg reduce it, and says so beyond 7680 x 4320',
    },
    // The only one that is not derived from an ordinary picture: the test draws it.
    make: (picture) => picture,
    gives: 'smaller',
  },
]
