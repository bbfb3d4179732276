import { BytesMessage, method } from '#grpc';
import { bytes, int32, int64, message, string, stringMap, strings } from '#protobuf';

const HealthRequest = message({ service: string(1) });
const HealthResponse = message({ status: int32(1) });
export const SERVING = 1;

export const Health = { check: method('/grpc.health.v1.Health/Check', HealthRequest, HealthResponse) };

const AUTH = '/moby.filesync.v1.Auth';

/** `moby.filesync.v1.Auth`: the client's credentials for a registry. */
export const Auth = {
  credentials: method(
    `${AUTH}/Credentials`,
    message({ host: string(1) }),
    message({ username: string(1), secret: string(2) }),
  ),
  fetchToken: method(
    `${AUTH}/FetchToken`,
    message({ clientId: string(1), host: string(2), realm: string(3), service: string(4), scopes: strings(5) }),
    message({ token: string(1), expiresIn: int64(2), issuedAt: int64(3) }),
  ),
  getTokenAuthority: method(
    `${AUTH}/GetTokenAuthority`,
    message({ host: string(1), salt: bytes(2) }),
    message({ publicKey: bytes(1) }),
  ),
};

export const Secrets = {
  get: method(
    '/moby.buildkit.secrets.v1.Secrets/GetSecret',
    message({ id: string(1), annotations: stringMap(2) }),
    message({ data: bytes(1) }),
  ),
};

export const Ssh = {
  checkAgent: method('/moby.sshforward.v1.SSH/CheckAgent', message({ id: string(1) }), message({})),
  forwardAgent: method('/moby.sshforward.v1.SSH/ForwardAgent', BytesMessage, BytesMessage),
};

export const Upload = { pull: method('/moby.upload.v1.Upload/Pull', BytesMessage, BytesMessage) };

/** The heads of a connection that becomes a session. */
export const SESSION_HEADERS = {
  id: 'x-docker-expose-session-uuid',
  name: 'x-docker-expose-session-name',
  sharedKey: 'x-docker-expose-session-sharedkey',
  method: 'x-docker-expose-session-grpc-method',
} as const;
