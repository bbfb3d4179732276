/** How much may be under way to us on a connection, and on one stream of it. */
export const WINDOW = 4 * 1024 * 1024;
const STREAM_WINDOW = 1024 * 1024;

/** What the requests of all calls under way on a connection may take together. */
export const MAX_UNDER_WAY = 64 * 1024 * 1024;

const SETTINGS = { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: 250, enablePush: false };

/** Node's defaults bound resets, settings, pings and header lists; memory of one connection is bounded here. */
export const SERVER_OPTIONS = {
  settings: { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: 250, maxHeaderListSize: 1024 * 1024 },
  maxSessionMemory: 64,
  maxHeaderListPairs: 20_000,
};

export const CLIENT_OPTIONS = {
  settings: { ...SETTINGS, maxHeaderListSize: 64 * 1024 },
  maxSessionMemory: 64,
  maxReservedRemoteStreams: 0,
};
