/** Small concurrency values: locks by key, semaphores, single flight, deadlines. No I/O. */

export type { Deferred } from './deadline.ts';
export { deadline, deferred, delay } from './deadline.ts';
export { KeyedMutex } from './keyed-mutex.ts';
export { Semaphore } from './semaphore.ts';
export { singleFlight } from './single-flight.ts';
