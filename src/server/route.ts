import type { Infer, Schema } from '#schema';
import type { ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { Hijack } from './hijack.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** One line of the API's table; the path's `{name}` may hold slashes, as Docker's does. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  /** The first and the last API version that has it. */
  readonly since?: string;
  readonly until?: string;
  /** The query arguments that are read, for documents. */
  readonly query?: readonly string[];
  /** What the JSON body decodes into; without it the body is the handler's. */
  readonly body?: Schema;
  /** Whether an empty body is an error instead of the zero value. */
  readonly needsBody?: boolean;
  /** Whether the request's body is bytes (a tar), so never read as a form. */
  readonly isBinary?: boolean;
  /** What it answers in place of doing what Docker does, where that is not there yet; for documents. */
  readonly answers?: number;
  readonly handle: (exchange: Exchange, deps: ServerDeps, body: unknown) => Promise<void> | void;
  /** For connections that are taken over: instead of `handle`. */
  readonly hijack?: (hijack: Hijack, deps: ServerDeps, body: unknown) => Promise<void>;
}

type Typed<S extends Schema> = Omit<Route, 'body' | 'handle' | 'hijack'> & {
  readonly body: S;
  readonly handle: (exchange: Exchange, deps: ServerDeps, body: Infer<S>) => Promise<void> | void;
  readonly hijack?: (hijack: Hijack, deps: ServerDeps, body: Infer<S>) => Promise<void>;
};

/** A route whose handler is given its body decoded. */
export const withBody = <S extends Schema>(route: Typed<S>): Route => route as Route;
