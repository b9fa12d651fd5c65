// A thread for thread.test.ts: answers each message with the name of the thread's own class and the niceness it could set.
import { parentPort } from 'node:worker_threads'
import { setThreadNiceness } from '../../../platform/thread.ts'

parentPort?.on('message', (text: string) => parentPort?.postMessage({ text, isNice: setThreadNiceness(1) }))
