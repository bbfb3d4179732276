import { forbidden, internal } from '#errdefs';
import type { Log } from '#log';
import type { PluginClient } from './client.ts';
import type { Plugins } from './plugins.ts';

const KIND = 'authz';

/** A request as a plugin judges it. Header names as Go writes them; certificates in PEM, the client's own first. */
export interface RequestFacts {
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** The common name of the client's certificate; '' without one. */
  readonly user: string;
  readonly certificates: readonly string[];
}

/** An answer as a plugin judges it, before it is sent. */
export interface ResponseFacts {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/** Asks every plugin in turn; the first that does not allow ends it. */
export interface Authorizer {
  /** Throws forbidden for a denial; anything that goes wrong with a plugin is an error too. */
  request(facts: RequestFacts): Promise<void>;
  response(facts: RequestFacts, response: ResponseFacts): Promise<void>;
}

/** Docker's AuthZ protocol with the plugins of these names, each asked once although it may be named twice. */
export function createAuthorizer(plugins: Plugins, names: readonly string[], log: Log): Authorizer {
  const ordered = [...new Set(names)];
  const judge = async (method: string, message: object, about: RequestFacts) => {
    for (const name of ordered) {
      try {
        await ask(await plugins.get(name, KIND), method, message);
      } catch (error) {
        log.warn('not authorized', { method: about.method, uri: about.uri, plugin: name, error });
        if (error instanceof Denied) throw forbidden(`authorization denied by plugin ${name}: ${error.message}`);
        throw internal(`plugin ${name} failed with error: ${(error as Error).message}`, error);
      }
    }
  };
  return {
    request: (facts) => judge('AuthZPlugin.AuthZReq', encodeRequest(facts), facts),
    response: (facts, response) =>
      judge('AuthZPlugin.AuthZRes', { ...encodeRequest(facts), ...encodeResponse(response) }, facts),
  };
}

class Denied extends Error {}

async function ask(client: PluginClient, method: string, message: object): Promise<void> {
  const answer = await client.call<Record<string, unknown>>(method, message);
  // As Go decodes it: the case of names does not matter.
  const verdict = new Map(Object.entries(answer).map(([name, value]) => [name.toLowerCase(), value]));
  if (verdict.get('allow') !== true) throw new Denied(String(verdict.get('msg') ?? ''));
}

/** The fields of the protocol; what is empty is left out, as Go leaves it out. */
function encodeRequest({ method, uri, headers, body, user, certificates }: RequestFacts): object {
  return {
    ...(user === '' ? {} : { User: user }),
    ...(certificates.length > 0 ? { UserAuthNMethod: 'TLS' } : {}),
    RequestMethod: method,
    RequestUri: uri,
    ...(body?.length ? { RequestBody: base64(body) } : {}),
    ...(Object.keys(headers).length > 0 ? { RequestHeaders: headers } : {}),
    ...(certificates.length > 0
      ? { RequestPeerCertificates: certificates.map((pem) => base64(Buffer.from(pem))) }
      : {}),
  };
}

function encodeResponse({ status, headers, body }: ResponseFacts): object {
  return {
    ...(status === 0 ? {} : { ResponseStatusCode: status }),
    ...(body?.length ? { ResponseBody: base64(body) } : {}),
    ...(Object.keys(headers).length > 0 ? { ResponseHeaders: headers } : {}),
  };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
