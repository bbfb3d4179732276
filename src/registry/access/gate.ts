import type { IncomingMessage } from 'node:http';

export type Action = 'pull' | 'push' | 'delete';

/** Who stands before the registry, and what they may. */
export interface Visitor {
  /** Undefined: nobody in particular. */
  readonly account: string | undefined;
  may(repository: string, action: Action): boolean;
}

/** What a request needs, for the challenge: a token is asked for exactly this. */
export interface Need {
  readonly repository: string;
  readonly actions: readonly Action[];
}

/** Why a token is not enough: clients ask for another one then. */
export type Fault = 'invalid_token' | 'insufficient_scope';

/** Decides who may come in. */
export interface Gate {
  /** Reads the credentials of a request; undefined: there are none, and without them nobody comes in. Throws for wrong ones. */
  admit(request: IncomingMessage): Promise<Visitor | undefined>;
  /** The WWW-Authenticate that tells a client what to bring, and what is wrong with what it brought. */
  challenge(request: IncomingMessage, need?: Need, fault?: Fault): string;
  /** Hands out a token, where visitors bring tokens. */
  issue?(request: IncomingMessage, query: URLSearchParams): Promise<{ token: string; expires: number }>;
}

/** Everybody may everything. */
export const OPEN_GATE: Gate = {
  admit: async () => ({ account: undefined, may: () => true }),
  challenge: () => 'Basic realm="registry"',
};
