/** What of the frontend's and the gateway's abilities is there, by BuildKit's names. */
export const FRONTEND_CAPS = [
  ...['frontend.caps', 'gateway.evaluate', 'gateway.solve.evaluate', 'gateway.solve.metadata', 'gateway.warnings'],
  ...['importcaches', 'proto.refarray', 'reference.output', 'return', 'returnmap', 'solve.base'],
];

// Buildx says nothing of caches whose kind is not known: they are named here to be refused.
export const BUILD_CAPS = [
  ...['cache.gha', 'cache.s3'],
  ...['constraints', 'exec.meta.base', 'exec.meta.cgroup.parent', 'exec.meta.network', 'exec.meta.proxyenv'],
  ...['exec.meta.security', 'exec.meta.ulimit', 'exec.mount.bind', 'exec.mount.cache', 'exec.mount.cache.sharing'],
  ...['exec.mount.secret', 'exec.mount.selector', 'exec.mount.ssh', 'exec.mount.tmpfs', 'exec.mount.tmpfs.size'],
  ...[
    'exec.secretenv',
    'exporter.image.annotations',
    'exporter.image.attestations',
    'exporter.multiple',
    'exporter.sourcedateepoch',
    'file.base',
  ],
  ...['file.copy.includeexcludepatterns', 'history.filter', 'meta.description', 'meta.ignorecache', 'platform'],
  ...['source.http', 'source.http.checksum', 'source.image', 'source.image.resolvemode', 'source.local'],
  ...['source.local.excludepatterns', 'source.local.followpaths', 'source.local.includepatterns'],
  ...['source.local.sessionid', 'source.local.sharedkeyhint', 'source.git'],
];
