import { declare } from './libc.ts';

type Later = {
  async(
    out: number,
    from: number,
    offset: null,
    count: number,
    done: (error: Error | null, result: number) => void,
  ): void;
};

const send = declare('int64_t sendfile(int out, int in, void *offset, size_t count)') as unknown as Later;

/**
 * Moves bytes from where a file stands into a socket, in the kernel and off the event loop (sendfile(2)). How many went:
 * fewer than asked when the socket is full, none (or −1) when it takes nothing now or will never again.
 */
export function sendfile(socket: number, file: number, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    send.async(socket, file, null, count, (error, result) => (error ? reject(error) : resolve(Number(result))));
  });
}
