import type { Command } from './command.ts';

/** One command in the table: where it stands, what help says of it, and how to load it. */
export interface Entry {
  /** `gantry container run`: group `container`, name `run`. Absent for commands of the top level only. */
  group?: string;
  name: string;
  /** Further names inside the group. */
  aliases?: string[];
  /** Its name at the top level, if it has one there. */
  top?: string;
  /** Listed first in the top-level help, in table order. */
  common?: boolean;
  hidden?: boolean;
  /** Docker's CLI has no such command. */
  own?: boolean;
  /** The test of a command that docker has by a plugin only, so that its lines are not compared with the others'. */
  provenBy?: string;
  short: string;
  /** What its own help says of it, where that is more. */
  long?: string;
  load(): Promise<{ command: Command }>;
}

/** The groups and what help says of them. */
export const groups: Record<string, string> = {
  builder: 'Manage builds',
  container: 'Manage containers',
  completion: 'Generate the autocompletion script for the specified shell',
  context: 'Manage contexts',
  image: 'Manage images',
  network: 'Manage networks',
  registry: 'Serve a registry of images',
  system: 'Manage Docker',
  volume: 'Manage volumes',
};

function container(name: string, short: string, load: Entry['load'], more: Partial<Entry> = {}): Entry {
  return { group: 'container', name, top: name, short, load, ...more };
}

function network(name: string, short: string, load: Entry['load'], more: Partial<Entry> = {}): Entry {
  return { group: 'network', name, short, load, ...more };
}

function volume(name: string, short: string, load: Entry['load'], more: Partial<Entry> = {}): Entry {
  return { group: 'volume', name, short, load, ...more };
}

function image(name: string, short: string, load: Entry['load'], more: Partial<Entry> = {}): Entry {
  return { group: 'image', name, top: name, short, load, ...more };
}

function context(name: string, short: string, load: Entry['load'], more: Partial<Entry> = {}): Entry {
  return { group: 'context', name, short, load, ...more };
}

function completion(name: string, load: Entry['load']): Entry {
  return { group: 'completion', name, short: `Generate the autocompletion script for ${name}`, load };
}

/** Every command. Help, parsing and completion come from here; a command's module is loaded only when it is meant. */
export const table: readonly Entry[] = [
  container('run', 'Create and run a new container from an image', () => import('./container/run.ts'), {
    common: true,
  }),
  container('exec', 'Execute a command in a running container', () => import('./container/exec.ts'), { common: true }),
  container('ls', 'List containers', () => import('./container/ls.ts'), {
    aliases: ['list', 'ps'],
    top: 'ps',
    common: true,
  }),
  image('pull', 'Download an image from a registry', () => import('./image/pull.ts'), { common: true }),
  image('ls', 'List images', () => import('./image/ls.ts'), { aliases: ['list'], top: 'images', common: true }),
  {
    name: 'login',
    top: 'login',
    short: 'Authenticate to a registry',
    long: 'Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.',
    load: () => import('./registry/login.ts'),
    common: true,
  },
  {
    name: 'logout',
    top: 'logout',
    short: 'Log out from a registry',
    long: 'Log out from a registry.\nIf no server is specified, the default is defined by the daemon.',
    load: () => import('./registry/logout.ts'),
    common: true,
  },
  {
    name: 'search',
    top: 'search',
    short: 'Search Docker Hub for images',
    load: () => import('./registry/search.ts'),
    common: true,
  },
  {
    name: 'version',
    top: 'version',
    short: 'Show the Docker version information',
    load: () => import('./system/version.ts'),
    common: true,
  },
  {
    group: 'system',
    name: 'info',
    top: 'info',
    short: 'Display system-wide information',
    load: () => import('./system/info.ts'),
    common: true,
  },
  container(
    'attach',
    'Attach local standard input, output, and error streams to a running container',
    () => import('./container/attach.ts'),
  ),
  container('commit', "Create a new image from a container's changes", () => import('./container/commit.ts')),
  container('cp', 'Copy files/folders between a container and the local filesystem', () => import('./container/cp.ts')),
  container('create', 'Create a new container', () => import('./container/create.ts')),
  container(
    'diff',
    "Inspect changes to files or directories on a container's filesystem",
    () => import('./container/diff.ts'),
  ),
  container('export', "Export a container's filesystem as a tar archive", () => import('./container/export.ts')),
  container(
    'inspect',
    'Display detailed information on one or more containers',
    () => import('./container/inspect.ts'),
    { top: undefined },
  ),
  container('kill', 'Kill one or more running containers', () => import('./container/kill.ts')),
  container('logs', 'Fetch the logs of a container', () => import('./container/logs.ts')),
  container('pause', 'Pause all processes within one or more containers', () => import('./container/pause.ts')),
  container('port', 'List port mappings or a specific mapping for the container', () => import('./container/port.ts')),
  container('prune', 'Remove all stopped containers', () => import('./container/prune.ts'), { top: undefined }),
  container('rename', 'Rename a container', () => import('./container/rename.ts')),
  container('restart', 'Restart one or more containers', () => import('./container/restart.ts')),
  container('rm', 'Remove one or more containers', () => import('./container/rm.ts'), { aliases: ['remove'] }),
  container('start', 'Start one or more stopped containers', () => import('./container/start.ts')),
  container(
    'stats',
    'Display a live stream of container(s) resource usage statistics',
    () => import('./container/stats.ts'),
  ),
  container('stop', 'Stop one or more running containers', () => import('./container/stop.ts')),
  container('top', 'Display the running processes of a container', () => import('./container/top.ts')),
  container('unpause', 'Unpause all processes within one or more containers', () => import('./container/unpause.ts')),
  container('update', 'Update configuration of one or more containers', () => import('./container/update.ts')),
  container(
    'wait',
    'Block until one or more containers stop, then print their exit codes',
    () => import('./container/wait.ts'),
  ),
  container('why', 'Explain the state of a container', () => import('./container/why.ts'), { own: true }),
  image('build', 'Build an image from a Dockerfile', () => import('./build/build.ts'), {
    provenBy: 'test/integration/cli/build.test.ts',
  }),
  {
    group: 'builder',
    name: 'build',
    short: 'Build an image from a Dockerfile',
    load: () => import('./build/build.ts'),
    provenBy: 'test/integration/cli/build.test.ts',
  },
  {
    group: 'builder',
    name: 'du',
    own: true,
    short: 'Show what building keeps',
    load: () => import('./builder/du.ts'),
  },
  {
    group: 'builder',
    name: 'prune',
    short: 'Remove build cache',
    load: () => import('./builder/prune.ts'),
    provenBy: 'test/integration/cli/sync-crash.test.ts',
  },
  image('history', 'Show the history of an image', () => import('./image/history.ts')),
  image('import', 'Import the contents from a tarball to create a filesystem image', () => import('./image/import.ts')),
  image('inspect', 'Display detailed information on one or more images', () => import('./image/inspect.ts'), {
    top: undefined,
  }),
  image('load', 'Load an image from a tar archive or STDIN', () => import('./image/load.ts')),
  image('prune', 'Remove unused images', () => import('./image/prune.ts'), { top: undefined }),
  image('push', 'Upload an image to a registry', () => import('./image/push.ts')),
  image('rm', 'Remove one or more images', () => import('./image/rm.ts'), { aliases: ['remove'], top: 'rmi' }),
  image(
    'save',
    'Save one or more images to a tar archive (streamed to STDOUT by default)',
    () => import('./image/save.ts'),
  ),
  image('tag', 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE', () => import('./image/tag.ts')),
  network('connect', 'Connect a container to a network', () => import('./network/connect.ts')),
  network('create', 'Create a network', () => import('./network/create.ts')),
  network('disconnect', 'Disconnect a container from a network', () => import('./network/disconnect.ts')),
  network('inspect', 'Display detailed information on one or more networks', () => import('./network/inspect.ts')),
  network('ls', 'List networks', () => import('./network/ls.ts'), { aliases: ['list'] }),
  network('prune', 'Remove all unused networks', () => import('./network/prune.ts')),
  network('rm', 'Remove one or more networks', () => import('./network/rm.ts'), { aliases: ['remove'] }),
  volume('create', 'Create a volume', () => import('./volume/create.ts')),
  volume('inspect', 'Display detailed information on one or more volumes', () => import('./volume/inspect.ts')),
  volume('ls', 'List volumes', () => import('./volume/ls.ts'), { aliases: ['list'] }),
  volume('prune', 'Remove unused local volumes', () => import('./volume/prune.ts')),
  volume('rm', 'Remove one or more volumes', () => import('./volume/rm.ts'), {
    aliases: ['remove'],
    long: 'Remove one or more volumes. You cannot remove a volume that is in use by a container.',
  }),
  {
    group: 'system',
    name: 'df',
    short: 'Show docker disk usage',
    load: () => import('./system/df.ts'),
  },
  {
    group: 'system',
    name: 'fsck',
    short: 'Check all blobs and layers of images, and repair them',
    own: true,
    load: () => import('./system/fsck.ts'),
  },
  {
    group: 'system',
    name: 'prune',
    short: 'Remove unused data',
    load: () => import('./system/prune.ts'),
  },
  {
    group: 'system',
    name: 'events',
    top: 'events',
    short: 'Get real time events from the server',
    load: () => import('./system/events.ts'),
  },
  {
    name: 'inspect',
    top: 'inspect',
    short: 'Return low-level information on Docker objects',
    load: () => import('./system/inspect.ts'),
  },
  {
    group: 'system',
    name: 'dial-stdio',
    hidden: true,
    short: 'Proxy the stdio stream to the daemon connection. Should not be invoked manually.',
    load: () => import('./system/dial-stdio.ts'),
  },
  context('create', 'Create a context', () => import('./context/create.ts')),
  context(
    'export',
    'Export a context to a tar archive FILE or a tar stream on STDOUT.',
    () => import('./context/export.ts'),
  ),
  context('import', 'Import a context from a tar or zip file', () => import('./context/import.ts')),
  context('inspect', 'Display detailed information on one or more contexts', () => import('./context/inspect.ts')),
  context('ls', 'List contexts', () => import('./context/ls.ts'), { aliases: ['list'] }),
  context('rm', 'Remove one or more contexts', () => import('./context/rm.ts'), { aliases: ['remove'] }),
  context('show', 'Print the name of the current context', () => import('./context/show.ts')),
  context('update', 'Update a context', () => import('./context/update.ts')),
  context('use', 'Set the current docker context', () => import('./context/use.ts')),
  {
    group: 'registry',
    name: 'serve',
    short: 'Serve a registry from a folder',
    load: () => import('./registry/serve.ts'),
    own: true,
  },
  {
    group: 'registry',
    name: 'image',
    short: 'Make the image of a registry and load it',
    load: () => import('./registry/image.ts'),
    own: true,
  },
  {
    group: 'registry',
    name: 'garbage-collect',
    short: 'Remove from a folder what no manifest refers to',
    load: () => import('./registry/garbage-collect.ts'),
    own: true,
  },
  completion('bash', () => import('./completion/bash.ts')),
  completion('fish', () => import('./completion/fish.ts')),
  completion('zsh', () => import('./completion/zsh.ts')),
];

/** The entry called by this name at the top level. */
export function findTop(name: string): Entry | undefined {
  return table.find((entry) => entry.top === name);
}

/** The entry called by this name in a group. */
export function findIn(group: string, name: string): Entry | undefined {
  return table.find((entry) => entry.group === group && (entry.name === name || entry.aliases?.includes(name)));
}

/** Every full name of an entry, the group's first. */
export function names(entry: Entry): string[] {
  const inGroup = entry.group ? [entry.name, ...(entry.aliases ?? [])].map((name) => `${entry.group} ${name}`) : [];
  return entry.top ? [...inGroup, entry.top] : inGroup;
}
