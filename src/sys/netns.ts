import { closeSync, openSync } from 'node:fs';
import { call, declare } from './libc.ts';

const CLONE_NEWNET = 0x40000000;
const setns = declare('int setns(int fd, int type)');

/**
 * Runs synchronous work with this thread in another network namespace (an open `/proc/<pid>/ns/net`), then goes back.
 * For worker threads only, and only after libuv's pool was started elsewhere: a pool that is born in a foreign
 * namespace would serve the whole process. A thread that cannot go back must not live on: the error is thrown.
 */
export function inNetns<T>(netnsFd: number, work: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    call('setns', setns, [netnsFd, CLONE_NEWNET]);
    try {
      return work();
    } finally {
      call('setns', setns, [home, CLONE_NEWNET]);
    }
  } finally {
    closeSync(home);
  }
}
