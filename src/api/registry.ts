import type { Infer } from '#schema';
import { object, optional, string } from '#schema';
import type { OciDescriptor } from './image.ts';

/** The answer of `GET /distribution/{name}/json`. */
export interface DistributionInspect {
  Descriptor: OciDescriptor;
  Platforms: { architecture: string; os: string; variant?: string | undefined }[] | null;
}

/** One entry of `GET /images/search`, with its keys in Docker's order. */
export interface SearchResult {
  star_count: number;
  is_official: boolean;
  name: string;
  is_automated: boolean;
  description: string;
}

/** The body of `POST /auth`. */
export const AuthConfig = object('registry.AuthConfig', {
  username: optional(string()),
  password: optional(string()),
  auth: optional(string()),
  email: optional(string()),
  serveraddress: optional(string()),
  identitytoken: optional(string()),
  registrytoken: optional(string()),
});
export type AuthConfig = Infer<typeof AuthConfig>;

/** The answer of `POST /auth`. */
export interface LoginResult {
  IdentityToken: string;
  Status: string;
}
