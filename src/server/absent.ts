import { invalid, notFound, notImplemented, unavailable } from '#errdefs';
import type { Method, Route } from './route.ts';
import { failureOf } from './status.ts';

const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
const NOT_EXPERIMENTAL =
  'This experimental feature is disabled by default. Start the Docker daemon in experimental mode in order to enable it.';

/** `METHOD /path` lines answered by one error. */
function failing(lines: string, error: () => Error): Route[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const [method, path] = line.trim().split(' ');
      const handle = () => {
        throw error();
      };
      return { method: method as Method, path: path!, isBinary: true, answers: failureOf(error()).status, handle };
    });
}

const SWARM = `
  GET /swarm
  POST /swarm/update
  GET /swarm/unlockkey
  POST /swarm/unlock
  GET /services
  GET /services/{id}
  POST /services/create
  POST /services/{id}/update
  DELETE /services/{id}
  GET /services/{id}/logs
  GET /nodes
  GET /nodes/{id}
  DELETE /nodes/{id}
  POST /nodes/{id}/update
  GET /tasks
  GET /tasks/{id}
  GET /tasks/{id}/logs
  GET /secrets
  POST /secrets/create
  DELETE /secrets/{id}
  GET /secrets/{id}
  POST /secrets/{id}/update
  GET /configs
  POST /configs/create
  DELETE /configs/{id}
  GET /configs/{id}
  POST /configs/{id}/update`;

const NOT_YET: Readonly<Record<string, string>> = {
  'POST /swarm/init': 'swarm mode',
  'POST /swarm/join': 'swarm mode',
  'GET /plugins/privileges': 'installing plugins',
  'POST /plugins/pull': 'installing plugins',
  'POST /plugins/create': 'creating plugins',
};

const pluginFault = (name: string) => notFound(`plugin "${name}" not found`);
const PLUGIN_ROUTES: readonly (readonly [Method, string])[] = [
  ['GET', '/plugins/{name}/json'],
  ['DELETE', '/plugins/{name}'],
  ['POST', '/plugins/{name}/enable'],
  ['POST', '/plugins/{name}/disable'],
  ['POST', '/plugins/{name}/push'],
  ['POST', '/plugins/{name}/upgrade'],
  ['POST', '/plugins/{name}/set'],
];

/** A 501 for a name that exists; for another one the usual 404. */
function notYet(line: string, what: string): Route {
  const [method, path] = line.split(' ');
  const handle: Route['handle'] = async (x, { containers, images }) => {
    if (path!.startsWith('/containers/{name}')) await containers.inspect(x.name, { size: false });
    if (path!.startsWith('/images/{name}')) await images.inspect(x.name);
    throw notImplemented(`${what} is not supported yet`);
  };
  return { method: method as Method, path: path!, isBinary: true, answers: 501, handle };
}

/** What this engine does not have: answered as an idle Docker answers, or by 501 where it would act. */
export const absentRoutes: readonly Route[] = [
  ...failing(SWARM, () => unavailable(NOT_A_MANAGER)),
  ...failing('POST /swarm/leave', () => unavailable('This node is not part of a swarm')),
  ...Object.entries(NOT_YET).map(([line, what]) => notYet(line, what)),
  ...failing(
    `GET /containers/{name}/checkpoints
     POST /containers/{name}/checkpoints
     DELETE /containers/{name}/checkpoints/{checkpoint}`,
    () => notImplemented(NOT_EXPERIMENTAL),
  ),
  { method: 'GET', path: '/plugins', query: ['filters'], handle: (x) => x.json([]) },
  ...PLUGIN_ROUTES.map(([method, path]): Route => {
    const handle: Route['handle'] = (x) => {
      throw x.name === '' ? invalid('invalid reference format') : pluginFault(x.name);
    };
    return { method, path, answers: 404, handle };
  }),
];
