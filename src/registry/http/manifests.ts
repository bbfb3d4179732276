import { readBody } from './body.ts';
import type { Call } from './call.ts';
import { answer } from './call.ts';
import { isMatch } from './range.ts';

/** GET and HEAD of a manifest. */
export async function getManifest(call: Call, name: string, reference: string): Promise<void> {
  const { request, response, registry } = call;
  const found = await registry.manifest(name, reference);
  const { digest, bytes, facts } = found;
  const entity = { ETag: `"${digest}"`, 'Docker-Content-Digest': digest };
  if (isMatch(request.headers['if-none-match'], digest)) return answer(call, 304, entity);
  response.writeHead(200, { ...entity, 'Content-Type': facts.mediaType, 'Content-Length': bytes.length });
  if (request.method === 'HEAD') return void response.end();
  response.end(bytes);
  registry.told(name, found, reference);
}

export async function putManifest(call: Call, name: string, reference: string): Promise<void> {
  const { request, registry } = call;
  const { manifestBytes, pace } = registry.settings;
  const bytes = await readBody(request, manifestBytes, pace);
  const contentType = request.headers['content-type'];
  const { digest, subject } = await registry.putManifest(name, reference, bytes, contentType);
  answer(call, 201, {
    Location: `/v2/${name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(subject && { 'OCI-Subject': subject }),
  });
}

export async function deleteManifest(call: Call, name: string, reference: string): Promise<void> {
  await call.registry.deleteManifest(name, reference);
  answer(call, 202);
}
