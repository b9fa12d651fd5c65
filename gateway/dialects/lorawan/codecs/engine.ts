// QuickJS compiled to WebAssembly, in a memory of our own: the engine's own limit does not cover typed arrays (150 MB)
// and plain ones (1.5 GB); a WebAssembly.Memory with a maximum does. Runs in the codec's worker.
import variant from '@jitl/quickjs-wasmfile-release-sync'
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core'
import { bufferShim, consoleShim } from './shims.ts'
import { scalarText } from '../../../../protocols/kit/parse-json.ts'

/** The engine's own memory in pages of 64 KiB: 5 MiB for its stack and its data, of which little is touched, and 4 MiB for a codec. */
export const memoryPages = 149
/** The package's module asks for 16 MiB at least, and takes 2 GiB at most: the entry of its memory, with both numbers. */
const memoryEntry = Buffer.from([0x01, 0x80, 0x02, 0x80, 0x80, 0x02])
/** Its stack grows down from 5.1 MiB and is never used down to here: that part needs no zeros. */
const unusedStack = { from: 256 * 1024, to: 4 * 1024 * 1024 }
/** Processor time of the worker per call, not wall time: on a busy box a good codec must not fail. */
export const callMsMax = 50
/** Used if the system does not report the thread's processor time, and for a thread that gets hardly any. */
const wallMsMax = 2000
export const resultBytesMax = 8192
const stackBytesMax = 256 * 1024
const messageCharactersMax = 200

export interface CodecCall {
  code: string
  fPort: number
  bytes: readonly number[]
  recvTimeMs: number
}

export type CodecOutcome =
  /** `json`: the codec's answer, as text. */
  { json: string } | { failure: string; isSpent?: boolean }

type Variant = Parameters<typeof newVariant>[0] & { type: 'sync' }
/** Loaded as a module, the package is its default export; loaded as CommonJS, it has one. */
const loaded = variant as unknown as Variant | { default: Variant }
const base = 'importFFI' in loaded ? loaded : loaded.default

type WasmModule = Extract<NonNullable<Parameters<typeof newVariant>[1]['wasmModule']>, object>

interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** Node has it; its types do not. */
const { Module, Memory } = (
  globalThis as unknown as {
    WebAssembly: {
      Module: new (bytes: Uint8Array) => WasmModule
      Memory: new (size: { initial: number; maximum: number }) => WasmMemory
    }
  }
).WebAssembly

/** The module with a smaller memory than it asks for: the difference is room that only a hostile codec would fill. */
function readModule(wasmFile: string): Uint8Array {
  const bytes = readFileSync(wasmFile)
  const at = bytes.indexOf(memoryEntry)
  if (at < 0 || bytes.indexOf(memoryEntry, at + 1) >= 0)
    throw new Error(
      'the module of the engine describes its memory in another way than the version that is known',
    )
  bytes[at + 1] = (memoryPages & 0x7f) | 0x80
  bytes[at + 2] = memoryPages >> 7
  return bytes
}

/**
 * V8 sees little of the size of a discarded engine: without this the garbage of some forty of them takes 5 MB before V8 collects it.
 * Undefined where V8 has no such flag any more.
 */
function garbageCollection(): (() => void) | undefined {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined
  setFlagsFromString('--no-expose-gc')
  return collect
}

/**
 * One memory for all engines of the thread, one after the other: a new memory or a new thread after each spoiled engine would
 * take its place before the system has the old one back, 20 MB more at times.
 */
export function createEngines(wasmFile: string): { start: () => Promise<QuickJSWASMModule> } {
  // The optimizing compiler of V8 would take some 20 MB for the engine's large functions when a codec is busy for long. Without it a
  // codec of 20 KB takes 2.9 ms of a processor per frame instead of 2.3.
  setFlagsFromString('--liftoff-only')
  const wasmModule = new Module(readModule(wasmFile))
  // The maximum from the start: untouched pages cost nothing, and growing would copy the memory.
  const wasmMemory = new Memory({ initial: memoryPages, maximum: memoryPages })
  let isUsed = false
  let collectGarbage: (() => void) | undefined
  /** A new engine; the one before must not be used any more. */
  const start = async (): Promise<QuickJSWASMModule> => {
    // An untouched page costs nothing: the first engine finds only such ones.
    if (isUsed) {
      new Uint8Array(wasmMemory.buffer).fill(0, 0, unusedStack.from).fill(0, unusedStack.to)
      collectGarbage ??= garbageCollection()
      collectGarbage?.()
    }
    const engine: QuickJSWASMModule = await newQuickJSWASMModuleFromVariant(
      newVariant(base, { wasmModule, wasmMemory }),
    )
    // An earlier version of the package silently used another memory, of up to 2 GB.
    if (engine.getWasmMemory() !== wasmMemory)
      throw new Error('the engine does not use the memory that it was given')
    // Its functions are compiled when they are first called: not in the time of the first codec.
    if (!isUsed) runCodec(engine, warmUp)
    isUsed = true
    return engine
  }
  return { start }
}

/** Uses the parts of the engine that codecs use. */
const warmUp: CodecCall = {
  code: 'function decodeUplink({bytes}){const d={};for(let i=0;i<bytes.length;i++)d["a"+i]=(bytes[i]<<8|1)/10;d.t=/a(b)/.test("ab")+"".toString(16);return{data:d}}',
  fPort: 1,
  bytes: [1, 2, 3],
  recvTimeMs: 0,
}

/** Processor time of this thread in nanoseconds, if the system reports it. */
function threadMs(): number | undefined {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ', 1)[0]) / 1e6
  } catch {
    return undefined
  }
}

/** True when the call's time is over: checks the clock first, which costs a hundredth of asking the system. */
function createDeadline(): () => boolean {
  const startMs = performance.now()
  const startThreadMs = threadMs()
  let nextLookMs = startMs + callMsMax
  return () => {
    const nowMs = performance.now()
    if (nowMs < nextLookMs) return false
    if (startThreadMs === undefined || nowMs - startMs > wallMsMax) return nowMs - startMs > wallMsMax
    const tookMs = (threadMs() ?? Infinity) - startThreadMs
    nextLookMs = nowMs + Math.max(1, (callMsMax - tookMs) / 2)
    return tookMs > callMsMax
  }
}

/** ChirpStack v4 and TTN v3, then ChirpStack v3, then TTN v2. */
const callOf = ({ fPort, bytes, recvTimeMs }: CodecCall): string => `(() => {
const bytes=${JSON.stringify(bytes)},fPort=${fPort};
let out;
if(typeof decodeUplink==='function')out=decodeUplink({bytes,fPort,recvTime:new Date(${recvTimeMs}),variables:{}});
else if(typeof Decode==='function')out=Decode(fPort,bytes,{});
else if(typeof Decoder==='function')out=Decoder(bytes,fPort);
else throw new Error('neither decodeUplink nor Decode is in the codec');
const json=JSON.stringify(out===undefined?null:out);
if(json.length>${resultBytesMax})throw new Error('its answer is longer than ${resultBytesMax} bytes');
return json})()`

/** A new engine state per call: one frame can not change the result of the next one. */
export function runCodec(engine: QuickJSWASMModule, call: CodecCall): CodecOutcome {
  const runtime = engine.newRuntime()
  runtime.setMaxStackSize(stackBytesMax)
  const isOver = createDeadline()
  let isTimedOut = false
  runtime.setInterruptHandler(() => (isTimedOut ||= isOver()))
  const context = runtime.newContext()
  const outcome = evaluate(context, call)
  if ('failure' in outcome && isTimedOut)
    return { failure: `it takes longer than ${callMsMax} ms`, isSpent: true }
  // After a call that was interrupted, the engine is discarded with its worker, so it is not cleaned up.
  if ('failure' in outcome && outcome.isSpent) return outcome
  context.dispose()
  runtime.dispose()
  return outcome
}

function evaluate(context: QuickJSContext, call: CodecCall): CodecOutcome {
  const shims = /\b(Buffer|require|atob|btoa)\b/.test(call.code) ? consoleShim + bufferShim : consoleShim
  for (const script of [shims, call.code]) {
    const loaded = context.evalCode(script, 'codec.js', { type: 'global' })
    if (loaded.error) return failureOf(loaded.error.consume((error) => context.dump(error) as unknown))
    loaded.value.dispose()
  }
  const result = context.evalCode(callOf(call), 'call.js', { type: 'global' })
  if (result.error) return failureOf(result.error.consume((error) => context.dump(error) as unknown))
  const json = result.value.consume((text) => context.getString(text))
  return Buffer.byteLength(json) > resultBytesMax
    ? { failure: `its answer is longer than ${resultBytesMax} bytes` }
    : { json }
}

function failureOf(error: unknown): CodecOutcome {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown }
  const words =
    typeof message === 'string'
      ? `${scalarText(name) ?? 'Error'}: ${message}`
      : (scalarText(error) ?? 'it failed without a word')
  // The engine has no memory left for an error either.
  if (/out of memory/i.test(words) || error === null)
    return { failure: 'it takes more than 4 MB', isSpent: true }
  return { failure: words.slice(0, messageCharactersMax) }
}
