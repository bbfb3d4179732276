import { declare } from './libc.ts';

type Later<A extends readonly unknown[]> = {
  async(...args: [...A, done: (error: Error | null, result: number) => void]): void;
};

const send = declare('int64_t sendfile(int out, int in, void *offset, size_t count)') as unknown as Later<
  [out: number, from: number, offset: null, count: number]
>;
const poll = declare('int poll(void *fds, unsigned long count, int timeout)') as unknown as Later<
  [fds: Buffer, count: number, timeout: number]
>;

const POLLOUT = 4;

/**
 * Moves bytes from where a file stands into a socket, in the kernel and off the event loop (sendfile(2)). How many went:
 * fewer than asked when the socket is full, none (or −1) when it takes nothing now or will never again. A full one is
 * waited for, at most `patienceMs`, on a thread of the pool: be brief.
 */
export async function sendfile(socket: number, file: number, count: number, patienceMs = 0): Promise<number> {
  if (patienceMs > 0 && !(await hasRoom(socket, patienceMs))) return 0;
  return await new Promise((resolve, reject) => {
    send.async(socket, file, null, count, (error, result) => (error ? reject(error) : resolve(Number(result))));
  });
}

/** Whether a socket takes bytes within this time (poll(2)). */
function hasRoom(socket: number, ms: number): Promise<boolean> {
  const asked = Buffer.alloc(8);
  asked.writeInt32LE(socket, 0);
  asked.writeInt16LE(POLLOUT, 4);
  return new Promise((resolve, reject) => {
    poll.async(asked, 1, ms, (error, found) => (error ? reject(error) : resolve(found > 0)));
  });
}
